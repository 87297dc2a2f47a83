"""`python -m orgkit` is `orgkit`."""

from orgkit.cli.main import main

if __name__ == "__main__":
    main()
