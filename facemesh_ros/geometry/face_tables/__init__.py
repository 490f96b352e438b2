"""Tables of figures; README.md says where they come from."""
