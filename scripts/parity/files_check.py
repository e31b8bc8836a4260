# Files both ways with h5py, NumPy and safetensors: what tnt.save wrote is read by them, and what they
# write is read by tnt.load, element by element. Run in a venv with these three:
#   python scripts/parity/files_check.py
import os
import subprocess
import sys
import tempfile

import h5py
import numpy
from safetensors.numpy import load_file, save_file

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
tntlua = os.path.join(root, "build", "bin", "tntlua")
script = os.path.join(root, "scripts", "parity", "files_write.lua")

expected = {
    "f32": numpy.array([[0.5, -1.25, 3], [1e-3, 1e30, -0.0]], "<f4"),
    "f64": numpy.array([1 / 3, -2], "<f8"),
    "f16": numpy.array([0.5, 1024, -3], "<f2"),
    "i64": numpy.array([1, -2, 4294967296], "<i8"),
    "i32": numpy.array([7, -8], "<i4"),
    "u8": numpy.array([0, 255], "u1"),
    "bool": numpy.array([True, False, True]),
    "scalar": numpy.array(2.5, "<f4"),
    "empty": numpy.zeros((0, 3), "<f4"),
}
bf16 = numpy.array([0.5, -1.5, 256])


def equal(found, name, dtype=True):
    found = numpy.asarray(found)
    wanted = expected[name]
    assert found.shape == wanted.shape, (name, found.shape)
    assert not dtype or found.dtype == wanted.dtype, (name, found.dtype)
    assert found.tobytes() == wanted.tobytes(), (name, found)


with tempfile.TemporaryDirectory() as folder:
    at = lambda name: os.path.join(folder, name)
    subprocess.run([tntlua, script, folder], check=True)

    with h5py.File(at("ours.h5"), "r") as file:
        for name in expected:
            equal(file["net"][name][()], name)
        assert (file["net/bf16"][()] == bf16).all()
        assert file["step"][()] == 12 and file["rate"][()] == 0.1
        assert file["name"][()].decode() == "größe" and bool(file["on"][()]) is True
        assert (file["list"][()] == [1, 2.5, 3]).all()
        assert file["nested/1/x"][()] == 1 and file["nested/2"][()] == b"two"
        assert file["bytes"][()] == b"a\0b"
    for name, array in numpy.load(at("ours.npz")).items():
        equal(array, name)
    assert (numpy.load(at("ours.npy")) == expected["f32"].T).all()
    # safetensors.numpy has no bfloat16: its own reader is asked for the rest.
    from safetensors import safe_open
    with safe_open(at("ours.safetensors"), "np") as file:
        assert set(file.keys()) == set(expected) | {"bf16"}
        for name in expected:
            equal(file.get_tensor(name), name)
        assert file.get_slice("bf16").get_dtype() == "BF16"

    with h5py.File(at("theirs.h5"), "w") as file:
        for name, array in expected.items():
            if name == "scalar":
                file.create_dataset("net/" + name, data=array, dtype="<f4")
            else:
                file["net/" + name] = array
        file["rate"], file["name"], file["on"] = 0.1, "größe", True
        file["rate"].attrs["unit"] = "1/step"
    save_file(expected, at("theirs.safetensors"))
    numpy.savez(at("theirs.npz"), **expected)
    numpy.savez_compressed(at("theirs_packed.npz"), **expected)
    numpy.save(at("theirs.npy"), expected["f32"])
    numpy.save(at("theirs_fortran.npy"), numpy.asfortranarray(expected["f32"]))
    subprocess.run([tntlua, script, folder, "read"], check=True)

print("written and read by h5py", h5py.__version__, "numpy", numpy.__version__, file=sys.stderr)
print("result: equal")
