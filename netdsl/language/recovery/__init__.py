"""Text with syntax errors: cut into statements, repaired where what was meant is plain, and told in words."""
