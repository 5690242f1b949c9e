"""What building and checking the book needs; the chapters themselves use `helpers` alone."""
