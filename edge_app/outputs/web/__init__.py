"""The live page: the newest turn of the loop in, pictures, numbers and switches in browsers out."""
