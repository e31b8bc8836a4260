-- Run by conv_spec.lua with other libraries and kernels: prints what is wrong, and what was used.
local tnt = require "tnt"
local cases = require "spec.ops.conv_cases"
print("isa", require("ffi").string(require("tnt.core").C.tnt_isa()))
print("dnnl before", tostring(cases.mapped "libdnnl"))
local wrong, checked = cases.wrong()
for _, text in ipairs(wrong) do print("wrong", text) end
local a = tnt.randn(512, 512)
a:matmul(a)
print("dnnl after", tostring(cases.mapped "libdnnl"))
print("blas after", tostring(cases.mapped "openblas"))
print("checked", checked)
