"""Export: the named signatures of a trained model as SavedModel and LiteRT, optimised, quantized, verified."""

from aigc_tf.export.runner import Runner
from aigc_tf.export.sizes import exported_model
from aigc_tf.export.verify import Limits, VerificationError
from aigc_tf.export.web import export_web
from aigc_tf.export.writer import Export, check_arguments, export

__all__ = [
    "Export",
    "Limits",
    "Runner",
    "VerificationError",
    "check_arguments",
    "export",
    "export_web",
    "exported_model",
]
