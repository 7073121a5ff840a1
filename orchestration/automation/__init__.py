"""What starts assets: jobs, the inbox sensor, the daily schedule."""
