"""What runs inside the containers: WAL archiving, WAL fetching, reading Barman, recovered copies, detached commands.

Each program in ../bin is a door to one module here. What they say to each other, and to Howdah, is in ../PROTOCOLS.md.
"""
