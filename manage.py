#!/usr/bin/env python
"""Starts Django; no logic."""

import os
import sys


def main() -> None:
    """Run one management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "quotepro.settings")
    from quotepro.entry import run

    sys.exit(run(sys.argv))


if __name__ == "__main__":
    main()
