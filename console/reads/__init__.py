"""What pages and the public API show of the database: functions of a connection that reads only, and their shapes."""
