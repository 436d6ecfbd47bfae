"""Questions to answers over HTTP: the FastAPI application, its routes and its answers."""
