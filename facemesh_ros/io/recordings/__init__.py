"""rosbag2 recordings: MCAP and sqlite3 files, and the messages in them."""
