"""The config file and the secrets."""
