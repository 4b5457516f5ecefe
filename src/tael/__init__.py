"""tael: machine learning on finance tables, on the scikit-learn convention."""

__version__ = "0.1.0"
