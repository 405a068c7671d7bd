"""Pin training sets, report what a vacuum would cost them, and vacuum a table."""
