"""The second version: one name for each thing, cursors for lists, the documents of the command line as they are."""
