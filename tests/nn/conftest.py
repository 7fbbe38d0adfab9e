"""What pytest leaves out here."""

collect_ignore = ["make_fixtures.py"]  # it imports torch, which tests do without
