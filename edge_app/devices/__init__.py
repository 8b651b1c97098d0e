"""The only files that touch hardware or a native runtime; see `edge_app.protocols` for what the app asks of them."""
