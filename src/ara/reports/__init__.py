"""What people look at: charts, tables and files, of one design."""
