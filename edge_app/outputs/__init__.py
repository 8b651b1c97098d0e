"""Where results go: each module takes moments (see `edge_app.frames.Moment`) to one kind of place."""
