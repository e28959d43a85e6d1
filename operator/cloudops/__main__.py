"""The one command, `cloudops`."""

from cloudops.cli import main

if __name__ == "__main__":
    main()
