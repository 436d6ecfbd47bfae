"""The routes, one module a question; ``api.app`` puts them together."""
