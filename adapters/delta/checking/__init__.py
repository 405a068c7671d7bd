"""What `foreset check` observes of a table: its folder, footers, statistics and pages. It trusts no other reader."""
