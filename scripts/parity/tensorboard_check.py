"""Reads with TensorBoard's own reader what tnt.log.TensorBoard writes, and compares every value.

Run from the checkout: python scripts/parity/tensorboard_check.py, in a virtual environment with
tensorboard and pillow from PyPI. With --bytes it prints an event file of TensorBoard's own writer as hexadecimal
digits: the reference in spec/log/tensorboard_spec.lua.
"""
import io
import math
import os
import struct
import subprocess
import sys
import tempfile
import wave

from PIL import Image
from tensorboard.backend.event_processing import event_accumulator
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.plugins.hparams import plugin_data_pb2, summary_v2
from tensorboard.summary.writer import record_writer

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def reference_bytes():
    buffer = io.BytesIO()
    writer = record_writer.RecordWriter(buffer)
    value = summary_pb2.Summary.Value
    events = [
        event_pb2.Event(wall_time=1700000000.25, file_version="brain.Event:2"),
        event_pb2.Event(
            wall_time=1700000001.5,
            step=7,
            session_log=event_pb2.SessionLog(status=event_pb2.SessionLog.START),
        ),
        event_pb2.Event(
            wall_time=1700000002.75,
            step=300,
            summary=summary_pb2.Summary(
                value=[
                    value(tag="train/loss", simple_value=0.1),
                    value(tag="train/lr", simple_value=0.0),
                ]
            ),
        ),
    ]
    for event in events:
        writer.write(event.SerializeToString())
    return buffer.getvalue()


def f32(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def main():
    if "--bytes" in sys.argv:
        print(reference_bytes().hex())
        return
    with tempfile.TemporaryDirectory() as directory:
        env = dict(
            os.environ,
            LUA_PATH=f"{ROOT}/lua/?.lua;{ROOT}/lua/?/init.lua;;",
            LUA_CPATH=f"{ROOT}/build/lib/?.so;;",
        )
        writer = os.path.join(ROOT, "scripts/parity/tensorboard_write.lua")
        subprocess.run(["luajit", writer, directory], env=env, check=True)
        accumulator = event_accumulator.EventAccumulator(
            os.path.join(directory, "tensorboard"), size_guidance={"histograms": 0, "scalars": 0}
        )
        accumulator.Reload()

        def scalars(tag):
            return [(e.step, e.value) for e in accumulator.Scalars(tag)]

        losses = [(s, f32(1 / s)) for s in range(1, 7)] + [(s, -float(s)) for s in range(7, 13)]
        assert scalars("train/loss") == losses, scalars("train/loss")
        assert scalars("train/lr") == [(s, f32(1e-3)) for s in range(1, 13)]
        assert [e.wall_time for e in accumulator.Scalars("train/loss")][0] == 1700000001.25
        assert scalars("train/loss_epoch") == [(12, 0.25)], scalars("train/loss_epoch")
        assert scalars("eval/inf") == [(12, math.inf)]
        assert scalars("eval/minus_inf") == [(12, -math.inf)]
        assert math.isnan(scalars("eval/nan")[0][1])
        assert scalars("eval/zero") == [(12, 0.0)]
        assert scalars("eval/tiny") == [(12, f32(1e-45))]
        assert scalars("eval/é") == [(12, 0.5)]
        assert scalars("train/late") == [(2**40, 3.0)]
        text = accumulator.Tensors("config")[0].tensor_proto
        assert text.string_val[0] == b"lr = 1e-3, *wide*", text
        assert accumulator.SummaryMetadata("config").plugin_data.plugin_name == "text"
        metadata = accumulator.SummaryMetadata("_hparams_/session_start_info")
        assert metadata.plugin_data.plugin_name == "hparams", metadata
        data = plugin_data_pb2.HParamsPluginData.FromString(metadata.plugin_data.content)
        values = data.session_start_info.hparams
        assert sorted(values) == ["flag", "lr", "name", "zero"], values
        assert values["lr"].number_value == 0.1 and values["name"].string_value == "é"
        assert values["flag"].WhichOneof("kind") == "bool_value" and not values["flag"].bool_value
        assert values["zero"].WhichOneof("kind") == "number_value"
        assert data.session_start_info.start_time_secs > 1.7e9
        ours = accumulator.Tensors("_hparams_/session_start_info")[0].tensor_proto
        theirs = summary_v2.hparams_pb({"lr": 0.1}).value[0].tensor
        assert ours.SerializeToString() == theirs.SerializeToString(), ours
        image = accumulator.Images("picture")[0]
        assert (image.width, image.height) == (2, 1), image
        pixels = Image.open(io.BytesIO(image.encoded_image_string))
        assert (pixels.mode, pixels.size) == ("RGB", (2, 1)), pixels
        assert pixels.tobytes() == bytes([1, 2, 3, 254, 255, 0])
        grid = accumulator.Images("grid")[0]
        pixels = Image.open(io.BytesIO(grid.encoded_image_string))
        assert (pixels.mode, pixels.size) == ("L", (4, 2)), pixels
        assert pixels.tobytes() == bytes([1, 2, 3, 4, 5, 6, 0, 0])
        sound = accumulator.Audio("beep")[0]
        assert (sound.sample_rate, sound.length_frames, sound.content_type) == (
            8000.0, 3, "audio/wav"), sound
        with wave.open(io.BytesIO(sound.encoded_audio_string)) as file:
            assert file.getparams()[:4] == (1, 2, 8000, 3), file.getparams()
            assert struct.unpack("<3h", file.readframes(3)) == (0, 16384, -32767)
        raw = accumulator.Histograms("raw")[0].histogram_value
        assert list(raw.bucket_limit) == [0.0, 2.0, 4.0] and list(raw.bucket) == [1.0, 2.0, 1.0]
        assert (raw.min, raw.max, raw.num, raw.sum, raw.sum_squares) == (-1.0, 3.0, 4.0, 5.0, 11.0)
        curve = event_accumulator.EventAccumulator(
            os.path.join(directory, "tensorboard", "waves_sin"))
        curve.Reload()
        assert [(e.step, e.value) for e in curve.Scalars("waves")] == [(1, 0.5), (2, 0.75)]
        histogram = accumulator.Histograms("weights")[0].histogram_value
        assert (histogram.min, histogram.max, histogram.num) == (-1.0, 2.0, 5.0), histogram
        assert (histogram.sum, histogram.sum_squares) == (2.0, 5.5), histogram
        found = 0
        for limit, count in zip(histogram.bucket_limit, histogram.bucket):
            if count:
                found += count
        assert found == 5, histogram
    print("TensorBoard reads back every value")


if __name__ == "__main__":
    main()
