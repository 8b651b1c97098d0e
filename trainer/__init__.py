"""The workstation side of Edge Digits: from MNIST to a verified INT8 bundle. Importing it loads no TensorFlow."""
