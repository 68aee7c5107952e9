"""The plugins: the hooks, who announces one, how it is loaded, and the registry of all their names."""
