"""What the documentation makes from the code: plain functions that give Markdown."""
