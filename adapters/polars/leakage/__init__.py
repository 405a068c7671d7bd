"""What leak reports and audits count, in the rows of views, columns and outside frames."""
