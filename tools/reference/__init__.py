"""The pages of docs/reference/, written from code and message files whenever the site is built.

Nothing here needs Sphinx. `docs/conf.py` calls `pages.write_pages`; packages that the building
Python lacks, such as rclpy, are mocked there.
"""
