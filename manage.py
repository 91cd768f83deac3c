#!/usr/bin/env python
"""Django's command line."""

import os
import sys

# These change the shape of the database, which only its owner may do; everything else connects as the app's role.
OWNER_COMMANDS = {"migrate", "sqlmigrate", "showmigrations", "flush", "sqlflush"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if len(sys.argv) > 1 and sys.argv[1] in OWNER_COMMANDS:
        os.environ.setdefault("DATABASE_ROLE", "owner")

    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
