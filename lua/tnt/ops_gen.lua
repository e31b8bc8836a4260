-- Generated from core/ops.lua by core/gen.lua: do not edit.

local core = require "tnt.core"
local C, new, finish = core.C, core.new, core.finish
local operand, number_argument, integer_argument, positions =
  core.operand, core.number_argument, core.integer_argument, core.positions
local list_argument = core.list_argument
local type = type

local ops = {}

--- a + b, elementwise.
---@param a tnt.Tensor|number
---@param b tnt.Tensor|number
---@return tnt.Tensor y
function ops.add(a, b)
  local y, rc = new(), nil
  if type(b) == "number" then
    if type(a) ~= "cdata" then a = operand("add", "a", a) end
    rc = C.tnt_add_number(y, a, b, 0)
  elseif type(a) == "number" then
    if type(b) ~= "cdata" then b = operand("add", "b", b) end
    rc = C.tnt_add_number(y, b, a, 1)
  else
    if type(a) ~= "cdata" then a = operand("add", "a", a) end
    if type(b) ~= "cdata" then b = operand("add", "b", b) end
    rc = C.tnt_add(y, a, b)
  end
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- In place: a + b, elementwise.
---@param a tnt.Tensor|number
---@param b tnt.Tensor|number
---@return tnt.Tensor a  the same object
function ops.add_(a, b)
  if type(a) ~= "cdata" then a = operand("add_", "a", a) end
  local rc
  if type(b) == "number" then rc = C.tnt_add_number_(a, b)
  else
    if type(b) ~= "cdata" then b = operand("add_", "b", b) end
    rc = C.tnt_add_(a, b)
  end
  if rc ~= 0 then finish(rc) end
  return a
end

--- a - b, elementwise.
---@param a tnt.Tensor|number
---@param b tnt.Tensor|number
---@return tnt.Tensor y
function ops.sub(a, b)
  local y, rc = new(), nil
  if type(b) == "number" then
    if type(a) ~= "cdata" then a = operand("sub", "a", a) end
    rc = C.tnt_sub_number(y, a, b, 0)
  elseif type(a) == "number" then
    if type(b) ~= "cdata" then b = operand("sub", "b", b) end
    rc = C.tnt_sub_number(y, b, a, 1)
  else
    if type(a) ~= "cdata" then a = operand("sub", "a", a) end
    if type(b) ~= "cdata" then b = operand("sub", "b", b) end
    rc = C.tnt_sub(y, a, b)
  end
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- In place: a - b, elementwise.
---@param a tnt.Tensor|number
---@param b tnt.Tensor|number
---@return tnt.Tensor a  the same object
function ops.sub_(a, b)
  if type(a) ~= "cdata" then a = operand("sub_", "a", a) end
  local rc
  if type(b) == "number" then rc = C.tnt_sub_number_(a, b)
  else
    if type(b) ~= "cdata" then b = operand("sub_", "b", b) end
    rc = C.tnt_sub_(a, b)
  end
  if rc ~= 0 then finish(rc) end
  return a
end

--- a * b, elementwise.
---@param a tnt.Tensor|number
---@param b tnt.Tensor|number
---@return tnt.Tensor y
function ops.mul(a, b)
  local y, rc = new(), nil
  if type(b) == "number" then
    if type(a) ~= "cdata" then a = operand("mul", "a", a) end
    rc = C.tnt_mul_number(y, a, b, 0)
  elseif type(a) == "number" then
    if type(b) ~= "cdata" then b = operand("mul", "b", b) end
    rc = C.tnt_mul_number(y, b, a, 1)
  else
    if type(a) ~= "cdata" then a = operand("mul", "a", a) end
    if type(b) ~= "cdata" then b = operand("mul", "b", b) end
    rc = C.tnt_mul(y, a, b)
  end
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- In place: a * b, elementwise.
---@param a tnt.Tensor|number
---@param b tnt.Tensor|number
---@return tnt.Tensor a  the same object
function ops.mul_(a, b)
  if type(a) ~= "cdata" then a = operand("mul_", "a", a) end
  local rc
  if type(b) == "number" then rc = C.tnt_mul_number_(a, b)
  else
    if type(b) ~= "cdata" then b = operand("mul_", "b", b) end
    rc = C.tnt_mul_(a, b)
  end
  if rc ~= 0 then finish(rc) end
  return a
end

--- a / b, elementwise; whole numbers give the default float.
---@param a tnt.Tensor|number
---@param b tnt.Tensor|number
---@return tnt.Tensor y
function ops.div(a, b)
  local y, rc = new(), nil
  if type(b) == "number" then
    if type(a) ~= "cdata" then a = operand("div", "a", a) end
    rc = C.tnt_div_number(y, a, b, 0)
  elseif type(a) == "number" then
    if type(b) ~= "cdata" then b = operand("div", "b", b) end
    rc = C.tnt_div_number(y, b, a, 1)
  else
    if type(a) ~= "cdata" then a = operand("div", "a", a) end
    if type(b) ~= "cdata" then b = operand("div", "b", b) end
    rc = C.tnt_div(y, a, b)
  end
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- In place: a / b, elementwise; whole numbers give the default float.
---@param a tnt.Tensor|number
---@param b tnt.Tensor|number
---@return tnt.Tensor a  the same object
function ops.div_(a, b)
  if type(a) ~= "cdata" then a = operand("div_", "a", a) end
  local rc
  if type(b) == "number" then rc = C.tnt_div_number_(a, b)
  else
    if type(b) ~= "cdata" then b = operand("div_", "b", b) end
    rc = C.tnt_div_(a, b)
  end
  if rc ~= 0 then finish(rc) end
  return a
end

--- a to the power b, elementwise.
---@param a tnt.Tensor|number
---@param b tnt.Tensor|number
---@return tnt.Tensor y
function ops.pow(a, b)
  local y, rc = new(), nil
  if type(b) == "number" then
    if type(a) ~= "cdata" then a = operand("pow", "a", a) end
    rc = C.tnt_pow_number(y, a, b, 0)
  elseif type(a) == "number" then
    if type(b) ~= "cdata" then b = operand("pow", "b", b) end
    rc = C.tnt_pow_number(y, b, a, 1)
  else
    if type(a) ~= "cdata" then a = operand("pow", "a", a) end
    if type(b) ~= "cdata" then b = operand("pow", "b", b) end
    rc = C.tnt_pow(y, a, b)
  end
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- In place: a to the power b, elementwise.
---@param a tnt.Tensor|number
---@param b tnt.Tensor|number
---@return tnt.Tensor a  the same object
function ops.pow_(a, b)
  if type(a) ~= "cdata" then a = operand("pow_", "a", a) end
  local rc
  if type(b) == "number" then rc = C.tnt_pow_number_(a, b)
  else
    if type(b) ~= "cdata" then b = operand("pow_", "b", b) end
    rc = C.tnt_pow_(a, b)
  end
  if rc ~= 0 then finish(rc) end
  return a
end

--- The larger of a and b; NaN when one is.
---@param a tnt.Tensor|number
---@param b tnt.Tensor|number
---@return tnt.Tensor y
function ops.maximum(a, b)
  local y, rc = new(), nil
  if type(b) == "number" then
    if type(a) ~= "cdata" then a = operand("maximum", "a", a) end
    rc = C.tnt_maximum_number(y, a, b, 0)
  elseif type(a) == "number" then
    if type(b) ~= "cdata" then b = operand("maximum", "b", b) end
    rc = C.tnt_maximum_number(y, b, a, 1)
  else
    if type(a) ~= "cdata" then a = operand("maximum", "a", a) end
    if type(b) ~= "cdata" then b = operand("maximum", "b", b) end
    rc = C.tnt_maximum(y, a, b)
  end
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- The smaller of a and b; NaN when one is.
---@param a tnt.Tensor|number
---@param b tnt.Tensor|number
---@return tnt.Tensor y
function ops.minimum(a, b)
  local y, rc = new(), nil
  if type(b) == "number" then
    if type(a) ~= "cdata" then a = operand("minimum", "a", a) end
    rc = C.tnt_minimum_number(y, a, b, 0)
  elseif type(a) == "number" then
    if type(b) ~= "cdata" then b = operand("minimum", "b", b) end
    rc = C.tnt_minimum_number(y, b, a, 1)
  else
    if type(a) ~= "cdata" then a = operand("minimum", "a", a) end
    if type(b) ~= "cdata" then b = operand("minimum", "b", b) end
    rc = C.tnt_minimum(y, a, b)
  end
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- a modulo b with the sign of b, as Lua's %.
---@param a tnt.Tensor|number
---@param b tnt.Tensor|number
---@return tnt.Tensor y
function ops.remainder(a, b)
  local y, rc = new(), nil
  if type(b) == "number" then
    if type(a) ~= "cdata" then a = operand("remainder", "a", a) end
    rc = C.tnt_remainder_number(y, a, b, 0)
  elseif type(a) == "number" then
    if type(b) ~= "cdata" then b = operand("remainder", "b", b) end
    rc = C.tnt_remainder_number(y, b, a, 1)
  else
    if type(a) ~= "cdata" then a = operand("remainder", "a", a) end
    if type(b) ~= "cdata" then b = operand("remainder", "b", b) end
    rc = C.tnt_remainder(y, a, b)
  end
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- In place: a modulo b with the sign of b, as Lua's %.
---@param a tnt.Tensor|number
---@param b tnt.Tensor|number
---@return tnt.Tensor a  the same object
function ops.remainder_(a, b)
  if type(a) ~= "cdata" then a = operand("remainder_", "a", a) end
  local rc
  if type(b) == "number" then rc = C.tnt_remainder_number_(a, b)
  else
    if type(b) ~= "cdata" then b = operand("remainder_", "b", b) end
    rc = C.tnt_remainder_(a, b)
  end
  if rc ~= 0 then finish(rc) end
  return a
end

--- The floor of a / b.
---@param a tnt.Tensor|number
---@param b tnt.Tensor|number
---@return tnt.Tensor y
function ops.floor_divide(a, b)
  local y, rc = new(), nil
  if type(b) == "number" then
    if type(a) ~= "cdata" then a = operand("floor_divide", "a", a) end
    rc = C.tnt_floor_divide_number(y, a, b, 0)
  elseif type(a) == "number" then
    if type(b) ~= "cdata" then b = operand("floor_divide", "b", b) end
    rc = C.tnt_floor_divide_number(y, b, a, 1)
  else
    if type(a) ~= "cdata" then a = operand("floor_divide", "a", a) end
    if type(b) ~= "cdata" then b = operand("floor_divide", "b", b) end
    rc = C.tnt_floor_divide(y, a, b)
  end
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- The angle of the point (b, a) in radians.
---@param a tnt.Tensor
---@param b tnt.Tensor
---@return tnt.Tensor y
function ops.atan2(a, b)
  if type(a) ~= "cdata" then a = operand("atan2", "a", a) end
  if type(b) ~= "cdata" then b = operand("atan2", "b", b) end
  local y = new()
  local rc = C.tnt_atan2(y, a, b)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- -x.
---@param x tnt.Tensor
---@return tnt.Tensor y
function ops.neg(x)
  if type(x) ~= "cdata" then x = operand("neg", "x", x) end
  local y = new()
  local rc = C.tnt_neg(y, x)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- In place: -x.
---@param x tnt.Tensor
---@return tnt.Tensor x  the same object
function ops.neg_(x)
  if type(x) ~= "cdata" then x = operand("neg", "x", x) end
  local rc = C.tnt_neg_(x)
  if rc ~= 0 then finish(rc) end
  return x
end

--- The absolute value.
---@param x tnt.Tensor
---@return tnt.Tensor y
function ops.abs(x)
  if type(x) ~= "cdata" then x = operand("abs", "x", x) end
  local y = new()
  local rc = C.tnt_abs(y, x)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- In place: The absolute value.
---@param x tnt.Tensor
---@return tnt.Tensor x  the same object
function ops.abs_(x)
  if type(x) ~= "cdata" then x = operand("abs", "x", x) end
  local rc = C.tnt_abs_(x)
  if rc ~= 0 then finish(rc) end
  return x
end

--- -1, 0 or 1.
---@param x tnt.Tensor
---@return tnt.Tensor y
function ops.sign(x)
  if type(x) ~= "cdata" then x = operand("sign", "x", x) end
  local y = new()
  local rc = C.tnt_sign(y, x)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- x * x.
---@param x tnt.Tensor
---@return tnt.Tensor y
function ops.square(x)
  if type(x) ~= "cdata" then x = operand("square", "x", x) end
  local y = new()
  local rc = C.tnt_square(y, x)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- In place: x * x.
---@param x tnt.Tensor
---@return tnt.Tensor x  the same object
function ops.square_(x)
  if type(x) ~= "cdata" then x = operand("square", "x", x) end
  local rc = C.tnt_square_(x)
  if rc ~= 0 then finish(rc) end
  return x
end

--- The square root.
---@param x tnt.Tensor
---@return tnt.Tensor y
function ops.sqrt(x)
  if type(x) ~= "cdata" then x = operand("sqrt", "x", x) end
  local y = new()
  local rc = C.tnt_sqrt(y, x)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- In place: The square root.
---@param x tnt.Tensor
---@return tnt.Tensor x  the same object
function ops.sqrt_(x)
  if type(x) ~= "cdata" then x = operand("sqrt", "x", x) end
  local rc = C.tnt_sqrt_(x)
  if rc ~= 0 then finish(rc) end
  return x
end

--- 1 / sqrt(x).
---@param x tnt.Tensor
---@return tnt.Tensor y
function ops.rsqrt(x)
  if type(x) ~= "cdata" then x = operand("rsqrt", "x", x) end
  local y = new()
  local rc = C.tnt_rsqrt(y, x)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- In place: 1 / sqrt(x).
---@param x tnt.Tensor
---@return tnt.Tensor x  the same object
function ops.rsqrt_(x)
  if type(x) ~= "cdata" then x = operand("rsqrt", "x", x) end
  local rc = C.tnt_rsqrt_(x)
  if rc ~= 0 then finish(rc) end
  return x
end

--- 1 / x.
---@param x tnt.Tensor
---@return tnt.Tensor y
function ops.reciprocal(x)
  if type(x) ~= "cdata" then x = operand("reciprocal", "x", x) end
  local y = new()
  local rc = C.tnt_reciprocal(y, x)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- In place: 1 / x.
---@param x tnt.Tensor
---@return tnt.Tensor x  the same object
function ops.reciprocal_(x)
  if type(x) ~= "cdata" then x = operand("reciprocal", "x", x) end
  local rc = C.tnt_reciprocal_(x)
  if rc ~= 0 then finish(rc) end
  return x
end

--- e to the power x.
---@param x tnt.Tensor
---@return tnt.Tensor y
function ops.exp(x)
  if type(x) ~= "cdata" then x = operand("exp", "x", x) end
  local y = new()
  local rc = C.tnt_exp(y, x)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- In place: e to the power x.
---@param x tnt.Tensor
---@return tnt.Tensor x  the same object
function ops.exp_(x)
  if type(x) ~= "cdata" then x = operand("exp", "x", x) end
  local rc = C.tnt_exp_(x)
  if rc ~= 0 then finish(rc) end
  return x
end

--- exp(x) - 1, exact near 0.
---@param x tnt.Tensor
---@return tnt.Tensor y
function ops.expm1(x)
  if type(x) ~= "cdata" then x = operand("expm1", "x", x) end
  local y = new()
  local rc = C.tnt_expm1(y, x)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- The natural logarithm.
---@param x tnt.Tensor
---@return tnt.Tensor y
function ops.log(x)
  if type(x) ~= "cdata" then x = operand("log", "x", x) end
  local y = new()
  local rc = C.tnt_log(y, x)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- In place: The natural logarithm.
---@param x tnt.Tensor
---@return tnt.Tensor x  the same object
function ops.log_(x)
  if type(x) ~= "cdata" then x = operand("log", "x", x) end
  local rc = C.tnt_log_(x)
  if rc ~= 0 then finish(rc) end
  return x
end

--- log(1 + x), exact near 0.
---@param x tnt.Tensor
---@return tnt.Tensor y
function ops.log1p(x)
  if type(x) ~= "cdata" then x = operand("log1p", "x", x) end
  local y = new()
  local rc = C.tnt_log1p(y, x)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- The logarithm to base 2.
---@param x tnt.Tensor
---@return tnt.Tensor y
function ops.log2(x)
  if type(x) ~= "cdata" then x = operand("log2", "x", x) end
  local y = new()
  local rc = C.tnt_log2(y, x)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- The sine of x radians.
---@param x tnt.Tensor
---@return tnt.Tensor y
function ops.sin(x)
  if type(x) ~= "cdata" then x = operand("sin", "x", x) end
  local y = new()
  local rc = C.tnt_sin(y, x)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- The cosine of x radians.
---@param x tnt.Tensor
---@return tnt.Tensor y
function ops.cos(x)
  if type(x) ~= "cdata" then x = operand("cos", "x", x) end
  local y = new()
  local rc = C.tnt_cos(y, x)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- The hyperbolic tangent.
---@param x tnt.Tensor
---@return tnt.Tensor y
function ops.tanh(x)
  if type(x) ~= "cdata" then x = operand("tanh", "x", x) end
  local y = new()
  local rc = C.tnt_tanh(y, x)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- In place: The hyperbolic tangent.
---@param x tnt.Tensor
---@return tnt.Tensor x  the same object
function ops.tanh_(x)
  if type(x) ~= "cdata" then x = operand("tanh", "x", x) end
  local rc = C.tnt_tanh_(x)
  if rc ~= 0 then finish(rc) end
  return x
end

--- The error function.
---@param x tnt.Tensor
---@return tnt.Tensor y
function ops.erf(x)
  if type(x) ~= "cdata" then x = operand("erf", "x", x) end
  local y = new()
  local rc = C.tnt_erf(y, x)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- The largest whole number not above x.
---@param x tnt.Tensor
---@return tnt.Tensor y
function ops.floor(x)
  if type(x) ~= "cdata" then x = operand("floor", "x", x) end
  local y = new()
  local rc = C.tnt_floor(y, x)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- In place: The largest whole number not above x.
---@param x tnt.Tensor
---@return tnt.Tensor x  the same object
function ops.floor_(x)
  if type(x) ~= "cdata" then x = operand("floor", "x", x) end
  local rc = C.tnt_floor_(x)
  if rc ~= 0 then finish(rc) end
  return x
end

--- The smallest whole number not below x.
---@param x tnt.Tensor
---@return tnt.Tensor y
function ops.ceil(x)
  if type(x) ~= "cdata" then x = operand("ceil", "x", x) end
  local y = new()
  local rc = C.tnt_ceil(y, x)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- The nearest whole number, halves to even.
---@param x tnt.Tensor
---@return tnt.Tensor y
function ops.round(x)
  if type(x) ~= "cdata" then x = operand("round", "x", x) end
  local y = new()
  local rc = C.tnt_round(y, x)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- x without its fraction.
---@param x tnt.Tensor
---@return tnt.Tensor y
function ops.trunc(x)
  if type(x) ~= "cdata" then x = operand("trunc", "x", x) end
  local y = new()
  local rc = C.tnt_trunc(y, x)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- x brought into [lo, hi].
---@param x tnt.Tensor
---@param lo? number  default -math.huge
---@param hi? number  default math.huge
---@return tnt.Tensor y
function ops.clamp(x, lo, hi)
  if type(x) ~= "cdata" then x = operand("clamp", "x", x) end
  if type(lo) ~= "number" then lo = number_argument("clamp", "lo", lo, -math.huge) end
  if type(hi) ~= "number" then hi = number_argument("clamp", "hi", hi, math.huge) end
  local y = new()
  local rc = C.tnt_clamp(y, x, lo, hi)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- In place: x brought into [lo, hi].
---@param x tnt.Tensor
---@param lo? number
---@param hi? number
---@return tnt.Tensor x  the same object
function ops.clamp_(x, lo, hi)
  if type(x) ~= "cdata" then x = operand("clamp", "x", x) end
  if type(lo) ~= "number" then lo = number_argument("clamp", "lo", lo, -math.huge) end
  if type(hi) ~= "number" then hi = number_argument("clamp", "hi", hi, math.huge) end
  local rc = C.tnt_clamp_(x, lo, hi)
  if rc ~= 0 then finish(rc) end
  return x
end

--- 1 / (1 + exp(-x)).
---@param x tnt.Tensor
---@return tnt.Tensor y
function ops.sigmoid(x)
  if type(x) ~= "cdata" then x = operand("sigmoid", "x", x) end
  local y = new()
  local rc = C.tnt_sigmoid(y, x)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- In place: 1 / (1 + exp(-x)).
---@param x tnt.Tensor
---@return tnt.Tensor x  the same object
function ops.sigmoid_(x)
  if type(x) ~= "cdata" then x = operand("sigmoid", "x", x) end
  local rc = C.tnt_sigmoid_(x)
  if rc ~= 0 then finish(rc) end
  return x
end

--- max(x, 0).
---@param x tnt.Tensor
---@return tnt.Tensor y
function ops.relu(x)
  if type(x) ~= "cdata" then x = operand("relu", "x", x) end
  local y = new()
  local rc = C.tnt_relu(y, x)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- In place: max(x, 0).
---@param x tnt.Tensor
---@return tnt.Tensor x  the same object
function ops.relu_(x)
  if type(x) ~= "cdata" then x = operand("relu", "x", x) end
  local rc = C.tnt_relu_(x)
  if rc ~= 0 then finish(rc) end
  return x
end

--- x above 0, slope x below.
---@param x tnt.Tensor
---@param slope? number  default 0.01
---@return tnt.Tensor y
function ops.leaky_relu(x, slope)
  if type(x) ~= "cdata" then x = operand("leaky_relu", "x", x) end
  if type(slope) ~= "number" then slope = number_argument("leaky_relu", "slope", slope, 0.01) end
  local y = new()
  local rc = C.tnt_leaky_relu(y, x, slope)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- x above 0, alpha (exp(x) - 1) below.
---@param x tnt.Tensor
---@param alpha? number  default 1
---@return tnt.Tensor y
function ops.elu(x, alpha)
  if type(x) ~= "cdata" then x = operand("elu", "x", x) end
  if type(alpha) ~= "number" then alpha = number_argument("elu", "alpha", alpha, 1) end
  local y = new()
  local rc = C.tnt_elu(y, x, alpha)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- x sigmoid(x).
---@param x tnt.Tensor
---@return tnt.Tensor y
function ops.silu(x)
  if type(x) ~= "cdata" then x = operand("silu", "x", x) end
  local y = new()
  local rc = C.tnt_silu(y, x)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- log(1 + exp(x)), without overflow.
---@param x tnt.Tensor
---@return tnt.Tensor y
function ops.softplus(x)
  if type(x) ~= "cdata" then x = operand("softplus", "x", x) end
  local y = new()
  local rc = C.tnt_softplus(y, x)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- x times the normal distribution function of x (exact form).
--- Source: Hendrycks and Gimpel 2016
---@param x tnt.Tensor
---@return tnt.Tensor y
function ops.gelu(x)
  if type(x) ~= "cdata" then x = operand("gelu", "x", x) end
  local y = new()
  local rc = C.tnt_gelu(y, x)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- gelu in its tanh approximation.
--- Source: Hendrycks and Gimpel 2016
---@param x tnt.Tensor
---@return tnt.Tensor y
function ops.gelu_tanh(x)
  if type(x) ~= "cdata" then x = operand("gelu_tanh", "x", x) end
  local y = new()
  local rc = C.tnt_gelu_tanh(y, x)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- a == b, elementwise, as bool.
---@param a tnt.Tensor|number
---@param b tnt.Tensor|number
---@return tnt.Tensor y
function ops.eq(a, b)
  local y, rc = new(), nil
  if type(b) == "number" then
    if type(a) ~= "cdata" then a = operand("eq", "a", a) end
    rc = C.tnt_eq_number(y, a, b, 0)
  elseif type(a) == "number" then
    if type(b) ~= "cdata" then b = operand("eq", "b", b) end
    rc = C.tnt_eq_number(y, b, a, 1)
  else
    if type(a) ~= "cdata" then a = operand("eq", "a", a) end
    if type(b) ~= "cdata" then b = operand("eq", "b", b) end
    rc = C.tnt_eq(y, a, b)
  end
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- a != b, elementwise, as bool.
---@param a tnt.Tensor|number
---@param b tnt.Tensor|number
---@return tnt.Tensor y
function ops.ne(a, b)
  local y, rc = new(), nil
  if type(b) == "number" then
    if type(a) ~= "cdata" then a = operand("ne", "a", a) end
    rc = C.tnt_ne_number(y, a, b, 0)
  elseif type(a) == "number" then
    if type(b) ~= "cdata" then b = operand("ne", "b", b) end
    rc = C.tnt_ne_number(y, b, a, 1)
  else
    if type(a) ~= "cdata" then a = operand("ne", "a", a) end
    if type(b) ~= "cdata" then b = operand("ne", "b", b) end
    rc = C.tnt_ne(y, a, b)
  end
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- a < b, elementwise, as bool.
---@param a tnt.Tensor|number
---@param b tnt.Tensor|number
---@return tnt.Tensor y
function ops.lt(a, b)
  local y, rc = new(), nil
  if type(b) == "number" then
    if type(a) ~= "cdata" then a = operand("lt", "a", a) end
    rc = C.tnt_lt_number(y, a, b, 0)
  elseif type(a) == "number" then
    if type(b) ~= "cdata" then b = operand("lt", "b", b) end
    rc = C.tnt_lt_number(y, b, a, 1)
  else
    if type(a) ~= "cdata" then a = operand("lt", "a", a) end
    if type(b) ~= "cdata" then b = operand("lt", "b", b) end
    rc = C.tnt_lt(y, a, b)
  end
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- a <= b, elementwise, as bool.
---@param a tnt.Tensor|number
---@param b tnt.Tensor|number
---@return tnt.Tensor y
function ops.le(a, b)
  local y, rc = new(), nil
  if type(b) == "number" then
    if type(a) ~= "cdata" then a = operand("le", "a", a) end
    rc = C.tnt_le_number(y, a, b, 0)
  elseif type(a) == "number" then
    if type(b) ~= "cdata" then b = operand("le", "b", b) end
    rc = C.tnt_le_number(y, b, a, 1)
  else
    if type(a) ~= "cdata" then a = operand("le", "a", a) end
    if type(b) ~= "cdata" then b = operand("le", "b", b) end
    rc = C.tnt_le(y, a, b)
  end
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- a > b, elementwise, as bool.
---@param a tnt.Tensor|number
---@param b tnt.Tensor|number
---@return tnt.Tensor y
function ops.gt(a, b)
  local y, rc = new(), nil
  if type(b) == "number" then
    if type(a) ~= "cdata" then a = operand("gt", "a", a) end
    rc = C.tnt_gt_number(y, a, b, 0)
  elseif type(a) == "number" then
    if type(b) ~= "cdata" then b = operand("gt", "b", b) end
    rc = C.tnt_gt_number(y, b, a, 1)
  else
    if type(a) ~= "cdata" then a = operand("gt", "a", a) end
    if type(b) ~= "cdata" then b = operand("gt", "b", b) end
    rc = C.tnt_gt(y, a, b)
  end
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- a >= b, elementwise, as bool.
---@param a tnt.Tensor|number
---@param b tnt.Tensor|number
---@return tnt.Tensor y
function ops.ge(a, b)
  local y, rc = new(), nil
  if type(b) == "number" then
    if type(a) ~= "cdata" then a = operand("ge", "a", a) end
    rc = C.tnt_ge_number(y, a, b, 0)
  elseif type(a) == "number" then
    if type(b) ~= "cdata" then b = operand("ge", "b", b) end
    rc = C.tnt_ge_number(y, b, a, 1)
  else
    if type(a) ~= "cdata" then a = operand("ge", "a", a) end
    if type(b) ~= "cdata" then b = operand("ge", "b", b) end
    rc = C.tnt_ge(y, a, b)
  end
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- Whether both are nonzero.
---@param a tnt.Tensor
---@param b tnt.Tensor
---@return tnt.Tensor y
function ops.logical_and(a, b)
  if type(a) ~= "cdata" then a = operand("logical_and", "a", a) end
  if type(b) ~= "cdata" then b = operand("logical_and", "b", b) end
  local y = new()
  local rc = C.tnt_logical_and(y, a, b)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- Whether one is nonzero.
---@param a tnt.Tensor
---@param b tnt.Tensor
---@return tnt.Tensor y
function ops.logical_or(a, b)
  if type(a) ~= "cdata" then a = operand("logical_or", "a", a) end
  if type(b) ~= "cdata" then b = operand("logical_or", "b", b) end
  local y = new()
  local rc = C.tnt_logical_or(y, a, b)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- Whether exactly one is nonzero.
---@param a tnt.Tensor
---@param b tnt.Tensor
---@return tnt.Tensor y
function ops.logical_xor(a, b)
  if type(a) ~= "cdata" then a = operand("logical_xor", "a", a) end
  if type(b) ~= "cdata" then b = operand("logical_xor", "b", b) end
  local y = new()
  local rc = C.tnt_logical_xor(y, a, b)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- Whether x is 0.
---@param x tnt.Tensor
---@return tnt.Tensor y
function ops.logical_not(x)
  if type(x) ~= "cdata" then x = operand("logical_not", "x", x) end
  local y = new()
  local rc = C.tnt_logical_not(y, x)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- Whether x is not a number.
---@param x tnt.Tensor
---@return tnt.Tensor y
function ops.isnan(x)
  if type(x) ~= "cdata" then x = operand("isnan", "x", x) end
  local y = new()
  local rc = C.tnt_isnan(y, x)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- Whether x is infinite.
---@param x tnt.Tensor
---@return tnt.Tensor y
function ops.isinf(x)
  if type(x) ~= "cdata" then x = operand("isinf", "x", x) end
  local y = new()
  local rc = C.tnt_isinf(y, x)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- Whether x is neither infinite nor NaN.
---@param x tnt.Tensor
---@return tnt.Tensor y
function ops.isfinite(x)
  if type(x) ~= "cdata" then x = operand("isfinite", "x", x) end
  local y = new()
  local rc = C.tnt_isfinite(y, x)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- a where m is true, else b.
---@param m tnt.Tensor  bool
---@param a tnt.Tensor
---@param b tnt.Tensor
---@return tnt.Tensor y
function ops.where(m, a, b)
  if type(m) ~= "cdata" then m = operand("where", "m", m) end
  if type(a) ~= "cdata" then a = operand("where", "a", a) end
  if type(b) ~= "cdata" then b = operand("where", "b", b) end
  local y = new()
  local rc = C.tnt_where(y, m, a, b)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- x with `value` where m is true.
---@param x tnt.Tensor
---@param m tnt.Tensor  bool
---@param value number
---@return tnt.Tensor y
function ops.masked_fill(x, m, value)
  if type(x) ~= "cdata" then x = operand("masked_fill", "x", x) end
  if type(m) ~= "cdata" then m = operand("masked_fill", "m", m) end
  if type(value) ~= "number" then value = number_argument("masked_fill", "value", value, nil) end
  local y = new()
  local rc = C.tnt_masked_fill(y, x, m, value)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- In place: x with `value` where m is true.
---@param x tnt.Tensor
---@param m tnt.Tensor
---@param value number
---@return tnt.Tensor x  the same object
function ops.masked_fill_(x, m, value)
  if type(x) ~= "cdata" then x = operand("masked_fill", "x", x) end
  if type(m) ~= "cdata" then m = operand("masked_fill", "m", m) end
  if type(value) ~= "number" then value = number_argument("masked_fill", "value", value, nil) end
  local rc = C.tnt_masked_fill_(x, m, value)
  if rc ~= 0 then finish(rc) end
  return x
end

--- A tensor like x full of `value`.
---@param x tnt.Tensor
---@param value number
---@return tnt.Tensor y
function ops.fill(x, value)
  if type(x) ~= "cdata" then x = operand("fill", "x", x) end
  if type(value) ~= "number" then value = number_argument("fill", "value", value, nil) end
  local y = new()
  local rc = C.tnt_fill(y, x, value)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- In place: A tensor like x full of `value`.
---@param x tnt.Tensor
---@param value number
---@return tnt.Tensor x  the same object
function ops.fill_(x, value)
  if type(x) ~= "cdata" then x = operand("fill", "x", x) end
  if type(value) ~= "number" then value = number_argument("fill", "value", value, nil) end
  local rc = C.tnt_fill_(x, value)
  if rc ~= 0 then finish(rc) end
  return x
end

--- A copy.
---@param x tnt.Tensor
---@return tnt.Tensor y
function ops.copy(x)
  if type(x) ~= "cdata" then x = operand("copy", "x", x) end
  local y = new()
  local rc = C.tnt_copy(y, x)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- A row-major copy without gaps.
---@param x tnt.Tensor
---@return tnt.Tensor y
function ops.contiguous(x)
  if type(x) ~= "cdata" then x = operand("contiguous", "x", x) end
  local y = new()
  local rc = C.tnt_contiguous(y, x)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- A copy without gaps; of four dims [N, C, H, W] with channels next to each other, of any other number row-major.
---@param x tnt.Tensor
---@return tnt.Tensor y
function ops.channels_last(x)
  if type(x) ~= "cdata" then x = operand("channels_last", "x", x) end
  local y = new()
  local rc = C.tnt_channels_last(y, x)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- x in another dtype.
---@param x tnt.Tensor
---@param dtype integer
---@return tnt.Tensor y
function ops.cast(x, dtype)
  if type(x) ~= "cdata" then x = operand("cast", "x", x) end
  if type(dtype) ~= "number" or dtype % 1 ~= 0 then
    dtype = integer_argument("cast", "dtype", dtype, nil)
  end
  local y = new()
  local rc = C.tnt_cast(y, x, dtype)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- v in the shape and dtype of x.
---@param x tnt.Tensor
---@param v tnt.Tensor
---@return tnt.Tensor y
function ops.assign(x, v)
  if type(x) ~= "cdata" then x = operand("assign", "x", x) end
  if type(v) ~= "cdata" then v = operand("assign", "v", v) end
  local y = new()
  local rc = C.tnt_assign(y, x, v)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- In place: v in the shape and dtype of x.
---@param x tnt.Tensor
---@param v tnt.Tensor
---@return tnt.Tensor x  the same object
function ops.assign_(x, v)
  if type(x) ~= "cdata" then x = operand("assign", "x", x) end
  if type(v) ~= "cdata" then v = operand("assign", "v", v) end
  local rc = C.tnt_assign_(x, v)
  if rc ~= 0 then finish(rc) end
  return x
end

--- The sum over dims (none: all). Whole numbers give i64.
---@param x tnt.Tensor
---@param dims? integer|integer[]
---@param keepdim? boolean  default false
---@return tnt.Tensor y
function ops.sum(x, dims, keepdim)
  if type(x) ~= "cdata" then x = operand("sum", "x", x) end
  local dims_at, dims_n = positions(1, "sum", "dims", dims)
  local y = new()
  local rc = C.tnt_sum(y, x, dims_at, dims_n, keepdim and 1 or 0)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- The mean over dims (none: all). Whole numbers give the default float.
---@param x tnt.Tensor
---@param dims? integer|integer[]
---@param keepdim? boolean  default false
---@return tnt.Tensor y
function ops.mean(x, dims, keepdim)
  if type(x) ~= "cdata" then x = operand("mean", "x", x) end
  local dims_at, dims_n = positions(1, "mean", "dims", dims)
  local y = new()
  local rc = C.tnt_mean(y, x, dims_at, dims_n, keepdim and 1 or 0)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- The maximum over dims (none: all); gradients go equally to equal ones.
---@param x tnt.Tensor
---@param dims? integer|integer[]
---@param keepdim? boolean  default false
---@return tnt.Tensor y
function ops.amax(x, dims, keepdim)
  if type(x) ~= "cdata" then x = operand("amax", "x", x) end
  local dims_at, dims_n = positions(1, "amax", "dims", dims)
  local y = new()
  local rc = C.tnt_amax(y, x, dims_at, dims_n, keepdim and 1 or 0)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- The minimum over dims (none: all); gradients go equally to equal ones.
---@param x tnt.Tensor
---@param dims? integer|integer[]
---@param keepdim? boolean  default false
---@return tnt.Tensor y
function ops.amin(x, dims, keepdim)
  if type(x) ~= "cdata" then x = operand("amin", "x", x) end
  local dims_at, dims_n = positions(1, "amin", "dims", dims)
  local y = new()
  local rc = C.tnt_amin(y, x, dims_at, dims_n, keepdim and 1 or 0)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- The product over dims (none: all). Whole numbers give i64.
---@param x tnt.Tensor
---@param dims? integer|integer[]
---@param keepdim? boolean  default false
---@return tnt.Tensor y
function ops.prod(x, dims, keepdim)
  if type(x) ~= "cdata" then x = operand("prod", "x", x) end
  local dims_at, dims_n = positions(1, "prod", "dims", dims)
  local y = new()
  local rc = C.tnt_prod(y, x, dims_at, dims_n, keepdim and 1 or 0)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- The variance over dims, divided by n - correction.
--- Source: two passes
---@param x tnt.Tensor
---@param dims? integer|integer[]
---@param correction? number  default 1
---@param keepdim? boolean  default false
---@return tnt.Tensor y
function ops.var(x, dims, correction, keepdim)
  if type(x) ~= "cdata" then x = operand("var", "x", x) end
  if type(correction) ~= "number" then correction = number_argument("var", "correction", correction, 1) end
  local dims_at, dims_n = positions(1, "var", "dims", dims)
  local y = new()
  local rc = C.tnt_var(y, x, dims_at, dims_n, correction, keepdim and 1 or 0)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- The maximum along d and its place, counted from 0.
---@param x tnt.Tensor
---@param d integer
---@param keepdim? boolean  default false
---@return tnt.Tensor y
---@return tnt.Tensor i
function ops.max_dim(x, d, keepdim)
  if type(x) ~= "cdata" then x = operand("max_dim", "x", x) end
  if type(d) ~= "number" or d % 1 ~= 0 then
    d = integer_argument("max_dim", "d", d, nil)
  end
  local y = new()
  local i = new()
  local rc = C.tnt_max_dim(y, i, x, d, keepdim and 1 or 0)
  if rc ~= 0 then return finish(rc, y, i) end
  return y, i
end

--- The minimum along d and its place, counted from 0.
---@param x tnt.Tensor
---@param d integer
---@param keepdim? boolean  default false
---@return tnt.Tensor y
---@return tnt.Tensor i
function ops.min_dim(x, d, keepdim)
  if type(x) ~= "cdata" then x = operand("min_dim", "x", x) end
  if type(d) ~= "number" or d % 1 ~= 0 then
    d = integer_argument("min_dim", "d", d, nil)
  end
  local y = new()
  local i = new()
  local rc = C.tnt_min_dim(y, i, x, d, keepdim and 1 or 0)
  if rc ~= 0 then return finish(rc, y, i) end
  return y, i
end

--- The place of the maximum along one dim (none: of all), counted from 0.
---@param x tnt.Tensor
---@param dims? integer|integer[]
---@param keepdim? boolean  default false
---@return tnt.Tensor i
function ops.argmax(x, dims, keepdim)
  if type(x) ~= "cdata" then x = operand("argmax", "x", x) end
  local dims_at, dims_n = positions(1, "argmax", "dims", dims)
  local i = new()
  local rc = C.tnt_argmax(i, x, dims_at, dims_n, keepdim and 1 or 0)
  if rc ~= 0 then return finish(rc, i) end
  return i
end

--- The place of the minimum along one dim (none: of all), counted from 0.
---@param x tnt.Tensor
---@param dims? integer|integer[]
---@param keepdim? boolean  default false
---@return tnt.Tensor i
function ops.argmin(x, dims, keepdim)
  if type(x) ~= "cdata" then x = operand("argmin", "x", x) end
  local dims_at, dims_n = positions(1, "argmin", "dims", dims)
  local i = new()
  local rc = C.tnt_argmin(i, x, dims_at, dims_n, keepdim and 1 or 0)
  if rc ~= 0 then return finish(rc, i) end
  return i
end

--- Running sums along d. Whole numbers give i64.
---@param x tnt.Tensor
---@param d integer
---@return tnt.Tensor y
function ops.cumsum(x, d)
  if type(x) ~= "cdata" then x = operand("cumsum", "x", x) end
  if type(d) ~= "number" or d % 1 ~= 0 then
    d = integer_argument("cumsum", "d", d, nil)
  end
  local y = new()
  local rc = C.tnt_cumsum(y, x, d)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- x with dims reversed.
---@param x tnt.Tensor
---@param dims? integer|integer[]
---@return tnt.Tensor y
function ops.flip(x, dims)
  if type(x) ~= "cdata" then x = operand("flip", "x", x) end
  local dims_at, dims_n = positions(1, "flip", "dims", dims)
  local y = new()
  local rc = C.tnt_flip(y, x, dims_at, dims_n)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- x sorted along d (stable), and where each came from, counted from 0.
---@param x tnt.Tensor
---@param d? integer  default -1
---@param descending? boolean  default false
---@return tnt.Tensor y
---@return tnt.Tensor i
function ops.sort(x, d, descending)
  if type(x) ~= "cdata" then x = operand("sort", "x", x) end
  if type(d) ~= "number" or d % 1 ~= 0 then
    d = integer_argument("sort", "d", d, -1)
  end
  local y = new()
  local i = new()
  local rc = C.tnt_sort(y, i, x, d, descending and 1 or 0)
  if rc ~= 0 then return finish(rc, y, i) end
  return y, i
end

--- The k largest (or smallest) along d, sorted, and their places from 0.
---@param x tnt.Tensor
---@param k integer
---@param d? integer  default -1
---@param largest? boolean  default true
---@return tnt.Tensor y
---@return tnt.Tensor i
function ops.topk(x, k, d, largest)
  if type(x) ~= "cdata" then x = operand("topk", "x", x) end
  if type(k) ~= "number" or k % 1 ~= 0 then
    k = integer_argument("topk", "k", k, nil)
  end
  if type(d) ~= "number" or d % 1 ~= 0 then
    d = integer_argument("topk", "d", d, -1)
  end
  local y = new()
  local i = new()
  local rc = C.tnt_topk(y, i, x, k, d, largest == false and 0 or 1)
  if rc ~= 0 then return finish(rc, y, i) end
  return y, i
end

--- Matrix products; leading dims broadcast.
---@param a tnt.Tensor  [..., M, K]
---@param b tnt.Tensor  [..., K, N]
---@return tnt.Tensor y  [..., M, N]
function ops.matmul(a, b)
  if type(a) ~= "cdata" then a = operand("matmul", "a", a) end
  if type(b) ~= "cdata" then b = operand("matmul", "b", b) end
  local y = new()
  local rc = C.tnt_matmul(y, a, b)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- x w^T + b.
---@param x tnt.Tensor  [..., I]
---@param w tnt.Tensor  [O, I]
---@param b? tnt.Tensor  [O]
---@return tnt.Tensor y  [..., O]
function ops.linear(x, w, b)
  if type(x) ~= "cdata" then x = operand("linear", "x", x) end
  if type(w) ~= "cdata" then w = operand("linear", "w", w) end
  if type(b) ~= "cdata" and b ~= nil then b = operand("linear", "b", b) end
  local y = new()
  local rc = C.tnt_linear(y, x, w, b)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- Internal: the gradient of another op.
---@param dy tnt.Tensor  [M, O]
---@param x tnt.Tensor  [M, I]
---@return tnt.Tensor dw  [O, I]
---@return tnt.Tensor db  [O]
function ops.linear_grad(dy, x)
  if type(dy) ~= "cdata" then dy = operand("linear_grad", "dy", dy) end
  if type(x) ~= "cdata" then x = operand("linear_grad", "x", x) end
  local dw = new()
  local db = new()
  local rc = C.tnt_linear_grad(dw, db, dy, x)
  if rc ~= 0 then return finish(rc, dw, db) end
  return dw, db
end

--- gelu_tanh(x w^T + b), in one pass over the result.
--- Source: Hendrycks and Gimpel 2016
---@param x tnt.Tensor  [..., I]
---@param w tnt.Tensor  [O, I]
---@param b? tnt.Tensor  [O]
---@return tnt.Tensor y  [..., O]
function ops.linear_gelu(x, w, b)
  if type(x) ~= "cdata" then x = operand("linear_gelu", "x", x) end
  if type(w) ~= "cdata" then w = operand("linear_gelu", "w", w) end
  if type(b) ~= "cdata" and b ~= nil then b = operand("linear_gelu", "b", b) end
  local y = new()
  local rc = C.tnt_linear_gelu(y, nil, x, w, b)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- Internal: the gradient of another op.
---@param dy tnt.Tensor  [M, O]
---@param pre tnt.Tensor  [M, O]
---@param full boolean
---@return tnt.Tensor dpre  [M, O]
---@return tnt.Tensor db  [O]
function ops.gelu_bias_grad(dy, pre, full)
  if type(dy) ~= "cdata" then dy = operand("gelu_bias_grad", "dy", dy) end
  if type(pre) ~= "cdata" then pre = operand("gelu_bias_grad", "pre", pre) end
  local dpre = new()
  local db = new()
  local rc = C.tnt_gelu_bias_grad(dpre, db, dy, pre, full and 1 or 0)
  if rc ~= 0 then return finish(rc, dpre, db) end
  return dpre, db
end

--- gelu_tanh(x v^T + a) w^T + b, in two products.
--- Source: Hendrycks and Gimpel 2016
---@param x tnt.Tensor  [..., I]
---@param v tnt.Tensor  [H, I]
---@param a? tnt.Tensor  [H]
---@param w tnt.Tensor  [O, H]
---@param b? tnt.Tensor  [O]
---@return tnt.Tensor y  [..., O]
function ops.gelu_mlp(x, v, a, w, b)
  if type(x) ~= "cdata" then x = operand("gelu_mlp", "x", x) end
  if type(v) ~= "cdata" then v = operand("gelu_mlp", "v", v) end
  if type(a) ~= "cdata" and a ~= nil then a = operand("gelu_mlp", "a", a) end
  if type(w) ~= "cdata" then w = operand("gelu_mlp", "w", w) end
  if type(b) ~= "cdata" and b ~= nil then b = operand("gelu_mlp", "b", b) end
  local y = new()
  local rc = C.tnt_gelu_mlp(y, nil, nil, x, v, a, w, b)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- Internal: the gradient of another op.
---@param dy tnt.Tensor  [M, O]
---@param w tnt.Tensor  [O, H]
---@param pre tnt.Tensor  [M, H]
---@param full boolean
---@return tnt.Tensor dpre  [M, H]
---@return tnt.Tensor db  [H]
function ops.gelu_linear_grad(dy, w, pre, full)
  if type(dy) ~= "cdata" then dy = operand("gelu_linear_grad", "dy", dy) end
  if type(w) ~= "cdata" then w = operand("gelu_linear_grad", "w", w) end
  if type(pre) ~= "cdata" then pre = operand("gelu_linear_grad", "pre", pre) end
  local dpre = new()
  local db = new()
  local rc = C.tnt_gelu_linear_grad(dpre, db, dy, w, pre, full and 1 or 0)
  if rc ~= 0 then return finish(rc, dpre, db) end
  return dpre, db
end

--- softmax(scale query key^T) value for each head, with the weights dropped with probability p; causal: row i sees columns up to i + S - T.
--- Source: Dao 2023, FlashAttention-2
---@param query tnt.Tensor  [N, H, T, K]
---@param key tnt.Tensor  [N, H, S, K]
---@param value tnt.Tensor  [N, H, S, K]
---@param causal boolean
---@param scale number
---@param p? number  default 0
---@return tnt.Tensor y  [N, H, T, K]
function ops.attention(query, key, value, causal, scale, p)
  if type(query) ~= "cdata" then query = operand("attention", "query", query) end
  if type(key) ~= "cdata" then key = operand("attention", "key", key) end
  if type(value) ~= "cdata" then value = operand("attention", "value", value) end
  if type(scale) ~= "number" then scale = number_argument("attention", "scale", scale, nil) end
  if type(p) ~= "number" then p = number_argument("attention", "p", p, 0) end
  local y = new()
  local rc = C.tnt_attention(y, nil, query, key, value, causal and 1 or 0, scale, p)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- Internal: the gradient of another op.
---@param dy tnt.Tensor  [N, H, T, K]
---@param query tnt.Tensor  [N, H, T, K]
---@param key tnt.Tensor  [N, H, S, K]
---@param value tnt.Tensor  [N, H, S, K]
---@param y tnt.Tensor  [N, H, T, K]
---@param lse tnt.Tensor  [N, H, T]
---@param causal boolean
---@param scale number
---@param p number
---@param seed integer
---@param turn integer
---@return tnt.Tensor dquery  [N, H, T, K]
---@return tnt.Tensor dkey  [N, H, S, K]
---@return tnt.Tensor dvalue  [N, H, S, K]
function ops.attention_grad(dy, query, key, value, y, lse, causal, scale, p, seed, turn)
  if type(dy) ~= "cdata" then dy = operand("attention_grad", "dy", dy) end
  if type(query) ~= "cdata" then query = operand("attention_grad", "query", query) end
  if type(key) ~= "cdata" then key = operand("attention_grad", "key", key) end
  if type(value) ~= "cdata" then value = operand("attention_grad", "value", value) end
  if type(y) ~= "cdata" then y = operand("attention_grad", "y", y) end
  if type(lse) ~= "cdata" then lse = operand("attention_grad", "lse", lse) end
  if type(scale) ~= "number" then scale = number_argument("attention_grad", "scale", scale, nil) end
  if type(p) ~= "number" then p = number_argument("attention_grad", "p", p, nil) end
  if type(seed) ~= "number" or seed % 1 ~= 0 then
    seed = integer_argument("attention_grad", "seed", seed, nil)
  end
  if type(turn) ~= "number" or turn % 1 ~= 0 then
    turn = integer_argument("attention_grad", "turn", turn, nil)
  end
  local dquery = new()
  local dkey = new()
  local dvalue = new()
  local rc = C.tnt_attention_grad(dquery, dkey, dvalue, dy, query, key, value, y, lse, causal and 1 or 0, scale, p, seed, turn)
  if rc ~= 0 then return finish(rc, dquery, dkey, dvalue) end
  return dquery, dkey, dvalue
end

--- exp(x) over its sum along d.
---@param x tnt.Tensor
---@param d? integer  default -1
---@return tnt.Tensor y
function ops.softmax(x, d)
  if type(x) ~= "cdata" then x = operand("softmax", "x", x) end
  if type(d) ~= "number" or d % 1 ~= 0 then
    d = integer_argument("softmax", "d", d, -1)
  end
  local y = new()
  local rc = C.tnt_softmax(y, x, d)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- Internal: the gradient of another op.
---@param dy tnt.Tensor
---@param y tnt.Tensor
---@param d integer
---@return tnt.Tensor dx
function ops.softmax_grad(dy, y, d)
  if type(dy) ~= "cdata" then dy = operand("softmax_grad", "dy", dy) end
  if type(y) ~= "cdata" then y = operand("softmax_grad", "y", y) end
  if type(d) ~= "number" or d % 1 ~= 0 then
    d = integer_argument("softmax_grad", "d", d, nil)
  end
  local dx = new()
  local rc = C.tnt_softmax_grad(dx, dy, y, d)
  if rc ~= 0 then return finish(rc, dx) end
  return dx
end

--- The logarithm of softmax, without overflow.
---@param x tnt.Tensor
---@param d? integer  default -1
---@return tnt.Tensor y
function ops.log_softmax(x, d)
  if type(x) ~= "cdata" then x = operand("log_softmax", "x", x) end
  if type(d) ~= "number" or d % 1 ~= 0 then
    d = integer_argument("log_softmax", "d", d, -1)
  end
  local y = new()
  local rc = C.tnt_log_softmax(y, x, d)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- Internal: the gradient of another op.
---@param dy tnt.Tensor
---@param y tnt.Tensor
---@param d integer
---@return tnt.Tensor dx
function ops.log_softmax_grad(dy, y, d)
  if type(dy) ~= "cdata" then dy = operand("log_softmax_grad", "dy", dy) end
  if type(y) ~= "cdata" then y = operand("log_softmax_grad", "y", y) end
  if type(d) ~= "number" or d % 1 ~= 0 then
    d = integer_argument("log_softmax_grad", "d", d, nil)
  end
  local dx = new()
  local rc = C.tnt_log_softmax_grad(dx, dy, y, d)
  if rc ~= 0 then return finish(rc, dx) end
  return dx
end

--- -log softmax(x)[t], averaged (reduction 1), summed (2) or as it is (0); rows with ignore_index count nothing.
---@param x tnt.Tensor  [N, C]
---@param t tnt.Tensor  [N]  whole numbers, from 0
---@param w? tnt.Tensor  [C]
---@param ignore_index? integer  default -100
---@param smoothing? number  default 0
---@param reduction? integer  default 1
---@return tnt.Tensor loss
---@return tnt.Tensor lse
function ops.cross_entropy(x, t, w, ignore_index, smoothing, reduction)
  if type(x) ~= "cdata" then x = operand("cross_entropy", "x", x) end
  if type(t) ~= "cdata" then t = operand("cross_entropy", "t", t) end
  if type(w) ~= "cdata" and w ~= nil then w = operand("cross_entropy", "w", w) end
  if type(ignore_index) ~= "number" or ignore_index % 1 ~= 0 then
    ignore_index = integer_argument("cross_entropy", "ignore_index", ignore_index, -100)
  end
  if type(smoothing) ~= "number" then smoothing = number_argument("cross_entropy", "smoothing", smoothing, 0) end
  if type(reduction) ~= "number" or reduction % 1 ~= 0 then
    reduction = integer_argument("cross_entropy", "reduction", reduction, 1)
  end
  local loss = new()
  local lse = new()
  local rc = C.tnt_cross_entropy(loss, lse, x, t, w, ignore_index, smoothing, reduction)
  if rc ~= 0 then return finish(rc, loss, lse) end
  return loss, lse
end

--- Internal: the gradient of another op.
---@param dy tnt.Tensor
---@param x tnt.Tensor  [N, C]
---@param t tnt.Tensor  [N]  whole numbers, from 0
---@param w? tnt.Tensor  [C]
---@param lse tnt.Tensor  [N]
---@param ignore_index integer
---@param smoothing number
---@param reduction integer
---@return tnt.Tensor dx  [N, C]
function ops.cross_entropy_grad(dy, x, t, w, lse, ignore_index, smoothing, reduction)
  if type(dy) ~= "cdata" then dy = operand("cross_entropy_grad", "dy", dy) end
  if type(x) ~= "cdata" then x = operand("cross_entropy_grad", "x", x) end
  if type(t) ~= "cdata" then t = operand("cross_entropy_grad", "t", t) end
  if type(w) ~= "cdata" and w ~= nil then w = operand("cross_entropy_grad", "w", w) end
  if type(lse) ~= "cdata" then lse = operand("cross_entropy_grad", "lse", lse) end
  if type(ignore_index) ~= "number" or ignore_index % 1 ~= 0 then
    ignore_index = integer_argument("cross_entropy_grad", "ignore_index", ignore_index, nil)
  end
  if type(smoothing) ~= "number" then smoothing = number_argument("cross_entropy_grad", "smoothing", smoothing, nil) end
  if type(reduction) ~= "number" or reduction % 1 ~= 0 then
    reduction = integer_argument("cross_entropy_grad", "reduction", reduction, nil)
  end
  local dx = new()
  local rc = C.tnt_cross_entropy_grad(dx, dy, x, t, w, lse, ignore_index, smoothing, reduction)
  if rc ~= 0 then return finish(rc, dx) end
  return dx
end

--- (x - mean) / sqrt(var + eps) over the last dim, times w plus b.
--- Source: Ba, Kiros and Hinton 2016
---@param x tnt.Tensor  [..., C]
---@param w? tnt.Tensor  [C]
---@param b? tnt.Tensor  [C]
---@param eps? number  default 1e-5
---@return tnt.Tensor y  [..., C]
function ops.layernorm(x, w, b, eps)
  if type(x) ~= "cdata" then x = operand("layernorm", "x", x) end
  if type(w) ~= "cdata" and w ~= nil then w = operand("layernorm", "w", w) end
  if type(b) ~= "cdata" and b ~= nil then b = operand("layernorm", "b", b) end
  if type(eps) ~= "number" then eps = number_argument("layernorm", "eps", eps, 1e-5) end
  local y = new()
  local rc = C.tnt_layernorm(y, nil, nil, x, w, b, eps)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- Internal: the gradient of another op.
---@param dy tnt.Tensor  [..., C]
---@param x tnt.Tensor  [..., C]
---@param w? tnt.Tensor  [C]
---@param mean tnt.Tensor  [...]
---@param rstd tnt.Tensor  [...]
---@param full boolean
---@return tnt.Tensor dx  [..., C]
---@return tnt.Tensor dw  [C]
---@return tnt.Tensor db  [C]
function ops.layernorm_grad(dy, x, w, mean, rstd, full)
  if type(dy) ~= "cdata" then dy = operand("layernorm_grad", "dy", dy) end
  if type(x) ~= "cdata" then x = operand("layernorm_grad", "x", x) end
  if type(w) ~= "cdata" and w ~= nil then w = operand("layernorm_grad", "w", w) end
  if type(mean) ~= "cdata" then mean = operand("layernorm_grad", "mean", mean) end
  if type(rstd) ~= "cdata" then rstd = operand("layernorm_grad", "rstd", rstd) end
  local dx = new()
  local dw = new()
  local db = new()
  local rc = C.tnt_layernorm_grad(dx, dw, db, dy, x, w, mean, rstd, full and 1 or 0)
  if rc ~= 0 then return finish(rc, dx, dw, db) end
  return dx, dw, db
end

--- Internal: the gradient of another op.
---@param x tnt.Tensor  [N, C, ...]
---@return tnt.Tensor mean  [C]
---@return tnt.Tensor var  [C]
function ops.batchnorm_stats(x)
  if type(x) ~= "cdata" then x = operand("batchnorm_stats", "x", x) end
  local mean = new()
  local var = new()
  local rc = C.tnt_batchnorm_stats(mean, var, x)
  if rc ~= 0 then return finish(rc, mean, var) end
  return mean, var
end

--- x normalised by the mean and variance of each channel (dim 2), times w plus b. With training, mean and var are those of x itself.
---@param x tnt.Tensor
---@param mean tnt.Tensor  [C]
---@param var tnt.Tensor  [C]
---@param w? tnt.Tensor  [C]
---@param b? tnt.Tensor  [C]
---@param eps number
---@param training boolean
---@return tnt.Tensor y
function ops.batchnorm(x, mean, var, w, b, eps, training)
  if type(x) ~= "cdata" then x = operand("batchnorm", "x", x) end
  if type(mean) ~= "cdata" then mean = operand("batchnorm", "mean", mean) end
  if type(var) ~= "cdata" then var = operand("batchnorm", "var", var) end
  if type(w) ~= "cdata" and w ~= nil then w = operand("batchnorm", "w", w) end
  if type(b) ~= "cdata" and b ~= nil then b = operand("batchnorm", "b", b) end
  if type(eps) ~= "number" then eps = number_argument("batchnorm", "eps", eps, nil) end
  local y = new()
  local rc = C.tnt_batchnorm(y, x, mean, var, w, b, eps, training and 1 or 0)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- Internal: the gradient of another op.
---@param dy tnt.Tensor
---@param x tnt.Tensor
---@param mean tnt.Tensor  [C]
---@param var tnt.Tensor  [C]
---@param w? tnt.Tensor  [C]
---@param eps number
---@param training boolean
---@return tnt.Tensor dx
---@return tnt.Tensor dw  [C]
---@return tnt.Tensor db  [C]
function ops.batchnorm_grad(dy, x, mean, var, w, eps, training)
  if type(dy) ~= "cdata" then dy = operand("batchnorm_grad", "dy", dy) end
  if type(x) ~= "cdata" then x = operand("batchnorm_grad", "x", x) end
  if type(mean) ~= "cdata" then mean = operand("batchnorm_grad", "mean", mean) end
  if type(var) ~= "cdata" then var = operand("batchnorm_grad", "var", var) end
  if type(w) ~= "cdata" and w ~= nil then w = operand("batchnorm_grad", "w", w) end
  if type(eps) ~= "number" then eps = number_argument("batchnorm_grad", "eps", eps, nil) end
  local dx = new()
  local dw = new()
  local db = new()
  local rc = C.tnt_batchnorm_grad(dx, dw, db, dy, x, mean, var, w, eps, training and 1 or 0)
  if rc ~= 0 then return finish(rc, dx, dw, db) end
  return dx, dw, db
end

--- Correlates x with w.
---@param x tnt.Tensor  [N, C, H, W]
---@param w tnt.Tensor  [O, D, K, L]
---@param b? tnt.Tensor  [O]
---@param stride integer[]
---@param padding integer[]
---@param dilation integer[]
---@param groups? integer  default 1
---@return tnt.Tensor y
function ops.conv2d(x, w, b, stride, padding, dilation, groups)
  if type(x) ~= "cdata" then x = operand("conv2d", "x", x) end
  if type(w) ~= "cdata" then w = operand("conv2d", "w", w) end
  if type(b) ~= "cdata" and b ~= nil then b = operand("conv2d", "b", b) end
  if type(groups) ~= "number" or groups % 1 ~= 0 then
    groups = integer_argument("conv2d", "groups", groups, 1)
  end
  local stride_at, stride_n = positions(1, "conv2d", "stride", stride)
  local padding_at, padding_n = positions(2, "conv2d", "padding", padding)
  local dilation_at, dilation_n = positions(3, "conv2d", "dilation", dilation)
  local y = new()
  local rc = C.tnt_conv2d(y, x, w, b, stride_at, stride_n, padding_at, padding_n, dilation_at, dilation_n, groups)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- Internal: the gradient of another op.
---@param dy tnt.Tensor  [N, O, P, Q]
---@param w tnt.Tensor  [O, D, K, L]
---@param size integer[]
---@param stride integer[]
---@param padding integer[]
---@param dilation integer[]
---@param groups integer
---@return tnt.Tensor dx
function ops.conv2d_dx(dy, w, size, stride, padding, dilation, groups)
  if type(dy) ~= "cdata" then dy = operand("conv2d_dx", "dy", dy) end
  if type(w) ~= "cdata" then w = operand("conv2d_dx", "w", w) end
  if type(groups) ~= "number" or groups % 1 ~= 0 then
    groups = integer_argument("conv2d_dx", "groups", groups, nil)
  end
  local size_at, size_n = positions(1, "conv2d_dx", "size", size)
  local stride_at, stride_n = positions(2, "conv2d_dx", "stride", stride)
  local padding_at, padding_n = positions(3, "conv2d_dx", "padding", padding)
  local dilation_at, dilation_n = positions(4, "conv2d_dx", "dilation", dilation)
  local dx = new()
  local rc = C.tnt_conv2d_dx(dx, dy, w, size_at, size_n, stride_at, stride_n, padding_at, padding_n, dilation_at, dilation_n, groups)
  if rc ~= 0 then return finish(rc, dx) end
  return dx
end

--- Internal: the gradient of another op.
---@param dy tnt.Tensor  [N, O, P, Q]
---@param x tnt.Tensor  [N, C, H, W]
---@param size integer[]
---@param stride integer[]
---@param padding integer[]
---@param dilation integer[]
---@param groups integer
---@return tnt.Tensor dw
function ops.conv2d_dw(dy, x, size, stride, padding, dilation, groups)
  if type(dy) ~= "cdata" then dy = operand("conv2d_dw", "dy", dy) end
  if type(x) ~= "cdata" then x = operand("conv2d_dw", "x", x) end
  if type(groups) ~= "number" or groups % 1 ~= 0 then
    groups = integer_argument("conv2d_dw", "groups", groups, nil)
  end
  local size_at, size_n = positions(1, "conv2d_dw", "size", size)
  local stride_at, stride_n = positions(2, "conv2d_dw", "stride", stride)
  local padding_at, padding_n = positions(3, "conv2d_dw", "padding", padding)
  local dilation_at, dilation_n = positions(4, "conv2d_dw", "dilation", dilation)
  local dw = new()
  local rc = C.tnt_conv2d_dw(dw, dy, x, size_at, size_n, stride_at, stride_n, padding_at, padding_n, dilation_at, dilation_n, groups)
  if rc ~= 0 then return finish(rc, dw) end
  return dw
end

--- The maximum of each window.
---@param x tnt.Tensor  [N, C, H, W]
---@param kernel integer[]
---@param stride integer[]
---@param padding integer[]
---@return tnt.Tensor y
---@return tnt.Tensor i
function ops.maxpool2d(x, kernel, stride, padding)
  if type(x) ~= "cdata" then x = operand("maxpool2d", "x", x) end
  local kernel_at, kernel_n = positions(1, "maxpool2d", "kernel", kernel)
  local stride_at, stride_n = positions(2, "maxpool2d", "stride", stride)
  local padding_at, padding_n = positions(3, "maxpool2d", "padding", padding)
  local y = new()
  local i = new()
  local rc = C.tnt_maxpool2d(y, i, x, kernel_at, kernel_n, stride_at, stride_n, padding_at, padding_n)
  if rc ~= 0 then return finish(rc, y, i) end
  return y, i
end

--- Internal: the gradient of another op.
---@param dy tnt.Tensor  [N, C, P, Q]
---@param i tnt.Tensor  [N, C, P, Q]  whole numbers, from 0
---@param size integer[]
---@param kernel integer[]
---@param stride integer[]
---@param padding integer[]
---@return tnt.Tensor dx
function ops.maxpool2d_grad(dy, i, size, kernel, stride, padding)
  if type(dy) ~= "cdata" then dy = operand("maxpool2d_grad", "dy", dy) end
  if type(i) ~= "cdata" then i = operand("maxpool2d_grad", "i", i) end
  local size_at, size_n = positions(1, "maxpool2d_grad", "size", size)
  local kernel_at, kernel_n = positions(2, "maxpool2d_grad", "kernel", kernel)
  local stride_at, stride_n = positions(3, "maxpool2d_grad", "stride", stride)
  local padding_at, padding_n = positions(4, "maxpool2d_grad", "padding", padding)
  local dx = new()
  local rc = C.tnt_maxpool2d_grad(dx, dy, i, size_at, size_n, kernel_at, kernel_n, stride_at, stride_n, padding_at, padding_n)
  if rc ~= 0 then return finish(rc, dx) end
  return dx
end

--- The mean of each window.
---@param x tnt.Tensor  [N, C, H, W]
---@param kernel integer[]
---@param stride integer[]
---@param padding integer[]
---@param include_pad boolean
---@return tnt.Tensor y
function ops.avgpool2d(x, kernel, stride, padding, include_pad)
  if type(x) ~= "cdata" then x = operand("avgpool2d", "x", x) end
  local kernel_at, kernel_n = positions(1, "avgpool2d", "kernel", kernel)
  local stride_at, stride_n = positions(2, "avgpool2d", "stride", stride)
  local padding_at, padding_n = positions(3, "avgpool2d", "padding", padding)
  local y = new()
  local rc = C.tnt_avgpool2d(y, x, kernel_at, kernel_n, stride_at, stride_n, padding_at, padding_n, include_pad and 1 or 0)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- Internal: the gradient of another op.
---@param dy tnt.Tensor  [N, C, P, Q]
---@param size integer[]
---@param kernel integer[]
---@param stride integer[]
---@param padding integer[]
---@param include_pad boolean
---@return tnt.Tensor dx
function ops.avgpool2d_grad(dy, size, kernel, stride, padding, include_pad)
  if type(dy) ~= "cdata" then dy = operand("avgpool2d_grad", "dy", dy) end
  local size_at, size_n = positions(1, "avgpool2d_grad", "size", size)
  local kernel_at, kernel_n = positions(2, "avgpool2d_grad", "kernel", kernel)
  local stride_at, stride_n = positions(3, "avgpool2d_grad", "stride", stride)
  local padding_at, padding_n = positions(4, "avgpool2d_grad", "padding", padding)
  local dx = new()
  local rc = C.tnt_avgpool2d_grad(dx, dy, size_at, size_n, kernel_at, kernel_n, stride_at, stride_n, padding_at, padding_n, include_pad and 1 or 0)
  if rc ~= 0 then return finish(rc, dx) end
  return dx
end

--- The rows of w at ids, counted from 0.
---@param ids tnt.Tensor  whole numbers, from 0
---@param w tnt.Tensor  [V, C]
---@return tnt.Tensor y
function ops.embedding(ids, w)
  if type(ids) ~= "cdata" then ids = operand("embedding", "ids", ids) end
  if type(w) ~= "cdata" then w = operand("embedding", "w", w) end
  local y = new()
  local rc = C.tnt_embedding(y, ids, w)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- Internal: the gradient of another op.
---@param dy tnt.Tensor
---@param ids tnt.Tensor  whole numbers, from 0
---@param rows integer
---@return tnt.Tensor dw
function ops.embedding_grad(dy, ids, rows)
  if type(dy) ~= "cdata" then dy = operand("embedding_grad", "dy", dy) end
  if type(ids) ~= "cdata" then ids = operand("embedding_grad", "ids", ids) end
  if type(rows) ~= "number" or rows % 1 ~= 0 then
    rows = integer_argument("embedding_grad", "rows", rows, nil)
  end
  local dw = new()
  local rc = C.tnt_embedding_grad(dw, dy, ids, rows)
  if rc ~= 0 then return finish(rc, dw) end
  return dw
end

--- The slices of x along d at ids, counted from 0.
---@param x tnt.Tensor
---@param d integer
---@param ids tnt.Tensor  [N]  whole numbers, from 0
---@return tnt.Tensor y
function ops.index_select(x, d, ids)
  if type(x) ~= "cdata" then x = operand("index_select", "x", x) end
  if type(d) ~= "number" or d % 1 ~= 0 then
    d = integer_argument("index_select", "d", d, nil)
  end
  if type(ids) ~= "cdata" then ids = operand("index_select", "ids", ids) end
  local y = new()
  local rc = C.tnt_index_select(y, x, ids, d)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- x with the slices of v added along d at ids, counted from 0.
---@param x tnt.Tensor
---@param d integer
---@param ids tnt.Tensor  [N]  whole numbers, from 0
---@param v tnt.Tensor
---@return tnt.Tensor y
function ops.index_add(x, d, ids, v)
  if type(x) ~= "cdata" then x = operand("index_add", "x", x) end
  if type(d) ~= "number" or d % 1 ~= 0 then
    d = integer_argument("index_add", "d", d, nil)
  end
  if type(ids) ~= "cdata" then ids = operand("index_add", "ids", ids) end
  if type(v) ~= "cdata" then v = operand("index_add", "v", v) end
  local y = new()
  local rc = C.tnt_index_add(y, x, ids, v, d)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- In place: x with the slices of v added along d at ids, counted from 0.
---@param x tnt.Tensor
---@param d integer
---@param ids tnt.Tensor
---@param v tnt.Tensor
---@return tnt.Tensor x  the same object
function ops.index_add_(x, d, ids, v)
  if type(x) ~= "cdata" then x = operand("index_add", "x", x) end
  if type(d) ~= "number" or d % 1 ~= 0 then
    d = integer_argument("index_add", "d", d, nil)
  end
  if type(ids) ~= "cdata" then ids = operand("index_add", "ids", ids) end
  if type(v) ~= "cdata" then v = operand("index_add", "v", v) end
  local rc = C.tnt_index_add_(x, ids, v, d)
  if rc ~= 0 then finish(rc) end
  return x
end

--- x picked along d at ids, counted from 0; y has the shape of ids.
---@param x tnt.Tensor
---@param d integer
---@param ids tnt.Tensor  whole numbers, from 0
---@return tnt.Tensor y
function ops.gather(x, d, ids)
  if type(x) ~= "cdata" then x = operand("gather", "x", x) end
  if type(d) ~= "number" or d % 1 ~= 0 then
    d = integer_argument("gather", "d", d, nil)
  end
  if type(ids) ~= "cdata" then ids = operand("gather", "ids", ids) end
  local y = new()
  local rc = C.tnt_gather(y, x, ids, d)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- x with v written along d at ids, counted from 0.
---@param x tnt.Tensor
---@param d integer
---@param ids tnt.Tensor  whole numbers, from 0
---@param v tnt.Tensor
---@return tnt.Tensor y
function ops.scatter(x, d, ids, v)
  if type(x) ~= "cdata" then x = operand("scatter", "x", x) end
  if type(d) ~= "number" or d % 1 ~= 0 then
    d = integer_argument("scatter", "d", d, nil)
  end
  if type(ids) ~= "cdata" then ids = operand("scatter", "ids", ids) end
  if type(v) ~= "cdata" then v = operand("scatter", "v", v) end
  local y = new()
  local rc = C.tnt_scatter(y, x, ids, v, d)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- In place: x with v written along d at ids, counted from 0.
---@param x tnt.Tensor
---@param d integer
---@param ids tnt.Tensor
---@param v tnt.Tensor
---@return tnt.Tensor x  the same object
function ops.scatter_(x, d, ids, v)
  if type(x) ~= "cdata" then x = operand("scatter", "x", x) end
  if type(d) ~= "number" or d % 1 ~= 0 then
    d = integer_argument("scatter", "d", d, nil)
  end
  if type(ids) ~= "cdata" then ids = operand("scatter", "ids", ids) end
  if type(v) ~= "cdata" then v = operand("scatter", "v", v) end
  local rc = C.tnt_scatter_(x, ids, v, d)
  if rc ~= 0 then finish(rc) end
  return x
end

--- x with v added along d at ids, counted from 0.
---@param x tnt.Tensor
---@param d integer
---@param ids tnt.Tensor  whole numbers, from 0
---@param v tnt.Tensor
---@return tnt.Tensor y
function ops.scatter_add(x, d, ids, v)
  if type(x) ~= "cdata" then x = operand("scatter_add", "x", x) end
  if type(d) ~= "number" or d % 1 ~= 0 then
    d = integer_argument("scatter_add", "d", d, nil)
  end
  if type(ids) ~= "cdata" then ids = operand("scatter_add", "ids", ids) end
  if type(v) ~= "cdata" then v = operand("scatter_add", "v", v) end
  local y = new()
  local rc = C.tnt_scatter_add(y, x, ids, v, d)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- In place: x with v added along d at ids, counted from 0.
---@param x tnt.Tensor
---@param d integer
---@param ids tnt.Tensor
---@param v tnt.Tensor
---@return tnt.Tensor x  the same object
function ops.scatter_add_(x, d, ids, v)
  if type(x) ~= "cdata" then x = operand("scatter_add", "x", x) end
  if type(d) ~= "number" or d % 1 ~= 0 then
    d = integer_argument("scatter_add", "d", d, nil)
  end
  if type(ids) ~= "cdata" then ids = operand("scatter_add", "ids", ids) end
  if type(v) ~= "cdata" then v = operand("scatter_add", "v", v) end
  local rc = C.tnt_scatter_add_(x, ids, v, d)
  if rc ~= 0 then finish(rc) end
  return x
end

--- Tensors joined along d.
---@param xs tnt.Tensor[]
---@param d? integer  default 1
---@return tnt.Tensor y
function ops.cat(xs, d)
  if type(d) ~= "number" or d % 1 ~= 0 then
    d = integer_argument("cat", "d", d, 1)
  end
  local xs_list, xs_n = list_argument("cat", "xs", xs)
  local y = new()
  local rc = C.tnt_cat(y, xs_list, xs_n, d)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- The lower triangle: elements above diagonal k are 0.
---@param x tnt.Tensor
---@param k? integer  default 0
---@return tnt.Tensor y
function ops.tril(x, k)
  if type(x) ~= "cdata" then x = operand("tril", "x", x) end
  if type(k) ~= "number" or k % 1 ~= 0 then
    k = integer_argument("tril", "k", k, 0)
  end
  local y = new()
  local rc = C.tnt_tril(y, x, k)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- The upper triangle: elements below diagonal k are 0.
---@param x tnt.Tensor
---@param k? integer  default 0
---@return tnt.Tensor y
function ops.triu(x, k)
  if type(x) ~= "cdata" then x = operand("triu", "x", x) end
  if type(k) ~= "number" or k % 1 ~= 0 then
    k = integer_argument("triu", "k", k, 0)
  end
  local y = new()
  local rc = C.tnt_triu(y, x, k)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- The places of the elements that are not 0: [n, ndim], counted from 0.
---@param x tnt.Tensor
---@return tnt.Tensor i
function ops.nonzero(x)
  if type(x) ~= "cdata" then x = operand("nonzero", "x", x) end
  local i = new()
  local rc = C.tnt_nonzero(i, x)
  if rc ~= 0 then return finish(rc, i) end
  return i
end

--- i64 [..., n] with a 1 at each id, counted from 0.
---@param ids tnt.Tensor  whole numbers, from 0
---@param n integer
---@return tnt.Tensor y
function ops.one_hot(ids, n)
  if type(ids) ~= "cdata" then ids = operand("one_hot", "ids", ids) end
  if type(n) ~= "number" or n % 1 ~= 0 then
    n = integer_argument("one_hot", "n", n, nil)
  end
  local y = new()
  local rc = C.tnt_one_hot(y, ids, n)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- Fills x with uniform numbers in [lo, hi).
---@param x tnt.Tensor
---@param lo? number  default 0
---@param hi? number  default 1
---@return tnt.Tensor x
function ops.uniform_(x, lo, hi)
  if type(x) ~= "cdata" then x = operand("uniform_", "x", x) end
  if type(lo) ~= "number" then lo = number_argument("uniform_", "lo", lo, 0) end
  if type(hi) ~= "number" then hi = number_argument("uniform_", "hi", hi, 1) end
  local rc = C.tnt_uniform_(x, lo, hi)
  if rc ~= 0 then finish(rc) end
  return x
end

--- Fills x with normal numbers.
--- Source: Box and Muller 1958
---@param x tnt.Tensor
---@param mean? number  default 0
---@param std? number  default 1
---@return tnt.Tensor x
function ops.normal_(x, mean, std)
  if type(x) ~= "cdata" then x = operand("normal_", "x", x) end
  if type(mean) ~= "number" then mean = number_argument("normal_", "mean", mean, 0) end
  if type(std) ~= "number" then std = number_argument("normal_", "std", std, 1) end
  local rc = C.tnt_normal_(x, mean, std)
  if rc ~= 0 then finish(rc) end
  return x
end

--- Fills x with 1 (probability p) and 0.
---@param x tnt.Tensor
---@param p? number  default 0.5
---@return tnt.Tensor x
function ops.bernoulli_(x, p)
  if type(x) ~= "cdata" then x = operand("bernoulli_", "x", x) end
  if type(p) ~= "number" then p = number_argument("bernoulli_", "p", p, 0.5) end
  local rc = C.tnt_bernoulli_(x, p)
  if rc ~= 0 then finish(rc) end
  return x
end

--- Fills x with whole numbers from lo to hi - 1.
---@param x tnt.Tensor
---@param lo number
---@param hi number
---@return tnt.Tensor x
function ops.randint_(x, lo, hi)
  if type(x) ~= "cdata" then x = operand("randint_", "x", x) end
  if type(lo) ~= "number" then lo = number_argument("randint_", "lo", lo, nil) end
  if type(hi) ~= "number" then hi = number_argument("randint_", "hi", hi, nil) end
  local rc = C.tnt_randint_(x, lo, hi)
  if rc ~= 0 then finish(rc) end
  return x
end

--- Fills x with a random order of 0..N-1.
---@param x tnt.Tensor  [N]
---@return tnt.Tensor x
function ops.randperm_(x)
  if type(x) ~= "cdata" then x = operand("randperm_", "x", x) end
  local rc = C.tnt_randperm_(x)
  if rc ~= 0 then finish(rc) end
  return x
end

--- x with elements set to 0 with probability p, the others times 1 / (1 - p).
--- Source: Srivastava et al. 2014
---@param x tnt.Tensor
---@param p? number  default 0.5
---@return tnt.Tensor y
function ops.dropout(x, p)
  if type(x) ~= "cdata" then x = operand("dropout", "x", x) end
  if type(p) ~= "number" then p = number_argument("dropout", "p", p, 0.5) end
  local y = new()
  local rc = C.tnt_dropout(y, x, p)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- Internal: the gradient of another op.
---@param x tnt.Tensor
---@param p number
---@param seed integer
---@param turn integer
---@return tnt.Tensor y
function ops.dropout_again(x, p, seed, turn)
  if type(x) ~= "cdata" then x = operand("dropout_again", "x", x) end
  if type(p) ~= "number" then p = number_argument("dropout_again", "p", p, nil) end
  if type(seed) ~= "number" or seed % 1 ~= 0 then
    seed = integer_argument("dropout_again", "seed", seed, nil)
  end
  if type(turn) ~= "number" or turn % 1 ~= 0 then
    turn = integer_argument("dropout_again", "turn", turn, nil)
  end
  local y = new()
  local rc = C.tnt_dropout_again(y, x, p, seed, turn)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- n draws from each row of weights, as places from 0.
---@param p tnt.Tensor  [..., K]
---@param n? integer  default 1
---@param replacement? boolean  default true
---@return tnt.Tensor i
function ops.multinomial(p, n, replacement)
  if type(p) ~= "cdata" then p = operand("multinomial", "p", p) end
  if type(n) ~= "number" or n % 1 ~= 0 then
    n = integer_argument("multinomial", "n", n, 1)
  end
  local i = new()
  local rc = C.tnt_multinomial(i, p, n, replacement == false and 0 or 1)
  if rc ~= 0 then return finish(rc, i) end
  return i
end

--- x[i] = start + i step.
---@param x tnt.Tensor
---@param start number
---@param step number
---@return tnt.Tensor x
function ops.arange_(x, start, step)
  if type(x) ~= "cdata" then x = operand("arange_", "x", x) end
  if type(start) ~= "number" then start = number_argument("arange_", "start", start, nil) end
  if type(step) ~= "number" then step = number_argument("arange_", "step", step, nil) end
  local rc = C.tnt_arange_(x, start, step)
  if rc ~= 0 then finish(rc) end
  return x
end

--- One step of stochastic gradient descent on every parameter with a gradient.
---@param p tnt.List
---@param master tnt.Tensor[]
---@param buf tnt.Tensor[]
---@param row? tnt.Tensor
---@param skip? tnt.Tensor
---@param lr number
---@param momentum number
---@param dampening number
---@param weight_decay number
---@param stochastic boolean
---@param nesterov boolean
---@param maximize boolean
---@param first boolean
function ops.sgd_(p, master, buf, row, skip, lr, momentum, dampening, weight_decay, stochastic, nesterov, maximize, first)
  if type(row) ~= "cdata" and row ~= nil then row = operand("sgd_", "row", row) end
  if type(skip) ~= "cdata" and skip ~= nil then skip = operand("sgd_", "skip", skip) end
  if type(lr) ~= "number" then lr = number_argument("sgd_", "lr", lr, nil) end
  if type(momentum) ~= "number" then momentum = number_argument("sgd_", "momentum", momentum, nil) end
  if type(dampening) ~= "number" then dampening = number_argument("sgd_", "dampening", dampening, nil) end
  if type(weight_decay) ~= "number" then weight_decay = number_argument("sgd_", "weight_decay", weight_decay, nil) end
  local p_list, p_n = list_argument("sgd_", "p", p, true)
  local master_list, master_n = list_argument("sgd_", "master", master, true)
  local buf_list, buf_n = list_argument("sgd_", "buf", buf, true)
  local rc = C.tnt_sgd_(p_list, p_n, master_list, master_n, buf_list, buf_n, row, skip, lr, momentum, dampening, weight_decay, stochastic and 1 or 0, nesterov and 1 or 0, maximize and 1 or 0, first and 1 or 0)
  if rc ~= 0 then finish(rc) end
end

--- One Adam step on every parameter with a gradient.
--- Source: Kingma and Ba 2015
---@param p tnt.List
---@param master tnt.Tensor[]
---@param m tnt.Tensor[]
---@param v tnt.Tensor[]
---@param row? tnt.Tensor
---@param skip? tnt.Tensor
---@param lr number
---@param beta1 number
---@param beta2 number
---@param eps number
---@param weight_decay number
---@param step number
---@param stochastic boolean
function ops.adam_(p, master, m, v, row, skip, lr, beta1, beta2, eps, weight_decay, step, stochastic)
  if type(row) ~= "cdata" and row ~= nil then row = operand("adam_", "row", row) end
  if type(skip) ~= "cdata" and skip ~= nil then skip = operand("adam_", "skip", skip) end
  if type(lr) ~= "number" then lr = number_argument("adam_", "lr", lr, nil) end
  if type(beta1) ~= "number" then beta1 = number_argument("adam_", "beta1", beta1, nil) end
  if type(beta2) ~= "number" then beta2 = number_argument("adam_", "beta2", beta2, nil) end
  if type(eps) ~= "number" then eps = number_argument("adam_", "eps", eps, nil) end
  if type(weight_decay) ~= "number" then weight_decay = number_argument("adam_", "weight_decay", weight_decay, nil) end
  if type(step) ~= "number" then step = number_argument("adam_", "step", step, nil) end
  local p_list, p_n = list_argument("adam_", "p", p, true)
  local master_list, master_n = list_argument("adam_", "master", master, true)
  local m_list, m_n = list_argument("adam_", "m", m, true)
  local v_list, v_n = list_argument("adam_", "v", v, true)
  local rc = C.tnt_adam_(p_list, p_n, master_list, master_n, m_list, m_n, v_list, v_n, row, skip, lr, beta1, beta2, eps, weight_decay, step, stochastic and 1 or 0)
  if rc ~= 0 then finish(rc) end
end

--- One AdamW step on every parameter with a gradient.
--- Source: Loshchilov and Hutter 2019
---@param p tnt.List
---@param master tnt.Tensor[]
---@param m tnt.Tensor[]
---@param v tnt.Tensor[]
---@param row? tnt.Tensor
---@param skip? tnt.Tensor
---@param lr number
---@param beta1 number
---@param beta2 number
---@param eps number
---@param weight_decay number
---@param step number
---@param stochastic boolean
function ops.adamw_(p, master, m, v, row, skip, lr, beta1, beta2, eps, weight_decay, step, stochastic)
  if type(row) ~= "cdata" and row ~= nil then row = operand("adamw_", "row", row) end
  if type(skip) ~= "cdata" and skip ~= nil then skip = operand("adamw_", "skip", skip) end
  if type(lr) ~= "number" then lr = number_argument("adamw_", "lr", lr, nil) end
  if type(beta1) ~= "number" then beta1 = number_argument("adamw_", "beta1", beta1, nil) end
  if type(beta2) ~= "number" then beta2 = number_argument("adamw_", "beta2", beta2, nil) end
  if type(eps) ~= "number" then eps = number_argument("adamw_", "eps", eps, nil) end
  if type(weight_decay) ~= "number" then weight_decay = number_argument("adamw_", "weight_decay", weight_decay, nil) end
  if type(step) ~= "number" then step = number_argument("adamw_", "step", step, nil) end
  local p_list, p_n = list_argument("adamw_", "p", p, true)
  local master_list, master_n = list_argument("adamw_", "master", master, true)
  local m_list, m_n = list_argument("adamw_", "m", m, true)
  local v_list, v_n = list_argument("adamw_", "v", v, true)
  local rc = C.tnt_adamw_(p_list, p_n, master_list, master_n, m_list, m_n, v_list, v_n, row, skip, lr, beta1, beta2, eps, weight_decay, step, stochastic and 1 or 0)
  if rc ~= 0 then finish(rc) end
end

--- The norm of all gradients together (kind 2, or math.huge).
---@param p tnt.List
---@param kind number
---@return tnt.Tensor y
function ops.grad_norm(p, kind)
  if type(kind) ~= "number" then kind = number_argument("grad_norm", "kind", kind, nil) end
  local p_list, p_n = list_argument("grad_norm", "p", p)
  local y = new()
  local rc = C.tnt_grad_norm(y, p_list, p_n, kind)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- Multiplies gradients by factor, then clamps them to +-clamp.
---@param p tnt.List
---@param row? tnt.Tensor
---@param skip? tnt.Tensor
---@param factor number
---@param clamp number
function ops.grad_scale_(p, row, skip, factor, clamp)
  if type(row) ~= "cdata" and row ~= nil then row = operand("grad_scale_", "row", row) end
  if type(skip) ~= "cdata" and skip ~= nil then skip = operand("grad_scale_", "skip", skip) end
  if type(factor) ~= "number" then factor = number_argument("grad_scale_", "factor", factor, nil) end
  if type(clamp) ~= "number" then clamp = number_argument("grad_scale_", "clamp", clamp, nil) end
  local p_list, p_n = list_argument("grad_scale_", "p", p)
  local rc = C.tnt_grad_scale_(p_list, p_n, row, skip, factor, clamp)
  if rc ~= 0 then finish(rc) end
end

--- x in another shape without a copy; -1 is inferred. An error where it would need a copy: reshape.
---@param x tnt.Tensor
---@param size integer[]
---@return tnt.Tensor y
function ops.view(x, size)
  if type(x) ~= "cdata" then x = operand("view", "x", x) end
  local size_at, size_n = positions(1, "view", "size", size)
  local y = new()
  local rc = C.tnt_view(y, x, size_at, size_n)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- Dims a and b change places.
---@param x tnt.Tensor
---@param a integer
---@param b integer
---@return tnt.Tensor y
function ops.transpose(x, a, b)
  if type(x) ~= "cdata" then x = operand("transpose", "x", x) end
  if type(a) ~= "number" or a % 1 ~= 0 then
    a = integer_argument("transpose", "a", a, nil)
  end
  if type(b) ~= "number" or b % 1 ~= 0 then
    b = integer_argument("transpose", "b", b, nil)
  end
  local y = new()
  local rc = C.tnt_transpose(y, x, a, b)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- Dims in another order.
---@param x tnt.Tensor
---@param dims? integer|integer[]
---@return tnt.Tensor y
function ops.permute(x, dims)
  if type(x) ~= "cdata" then x = operand("permute", "x", x) end
  local dims_at, dims_n = positions(1, "permute", "dims", dims)
  local y = new()
  local rc = C.tnt_permute(y, x, dims_at, dims_n)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- Dims of size 1 repeated without a copy; -1 leaves a dim as it is.
---@param x tnt.Tensor
---@param size integer[]
---@return tnt.Tensor y
function ops.expand(x, size)
  if type(x) ~= "cdata" then x = operand("expand", "x", x) end
  local size_at, size_n = positions(1, "expand", "size", size)
  local y = new()
  local rc = C.tnt_expand(y, x, size_at, size_n)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- n slices along d from start on.
---@param x tnt.Tensor
---@param d integer
---@param start integer
---@param n integer
---@return tnt.Tensor y
function ops.narrow(x, d, start, n)
  if type(x) ~= "cdata" then x = operand("narrow", "x", x) end
  if type(d) ~= "number" or d % 1 ~= 0 then
    d = integer_argument("narrow", "d", d, nil)
  end
  if type(start) ~= "number" or start % 1 ~= 0 then
    start = integer_argument("narrow", "start", start, nil)
  end
  if type(n) ~= "number" or n % 1 ~= 0 then
    n = integer_argument("narrow", "n", n, nil)
  end
  local y = new()
  local rc = C.tnt_narrow(y, x, d, start, n)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- Slices first, first + step, ... up to last along d.
---@param x tnt.Tensor
---@param d integer
---@param first integer
---@param last integer
---@param step? integer  default 1
---@return tnt.Tensor y
function ops.slice(x, d, first, last, step)
  if type(x) ~= "cdata" then x = operand("slice", "x", x) end
  if type(d) ~= "number" or d % 1 ~= 0 then
    d = integer_argument("slice", "d", d, nil)
  end
  if type(first) ~= "number" or first % 1 ~= 0 then
    first = integer_argument("slice", "first", first, nil)
  end
  if type(last) ~= "number" or last % 1 ~= 0 then
    last = integer_argument("slice", "last", last, nil)
  end
  if type(step) ~= "number" or step % 1 ~= 0 then
    step = integer_argument("slice", "step", step, 1)
  end
  local y = new()
  local rc = C.tnt_slice(y, x, d, first, last, step)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- Slice i along d, without that dim.
---@param x tnt.Tensor
---@param d integer
---@param i integer
---@return tnt.Tensor y
function ops.select(x, d, i)
  if type(x) ~= "cdata" then x = operand("select", "x", x) end
  if type(d) ~= "number" or d % 1 ~= 0 then
    d = integer_argument("select", "d", d, nil)
  end
  if type(i) ~= "number" or i % 1 ~= 0 then
    i = integer_argument("select", "i", i, nil)
  end
  local y = new()
  local rc = C.tnt_select(y, x, d, i)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- A new dim of size 1 at d; -1 puts it last.
---@param x tnt.Tensor
---@param d integer
---@return tnt.Tensor y
function ops.unsqueeze(x, d)
  if type(x) ~= "cdata" then x = operand("unsqueeze", "x", x) end
  if type(d) ~= "number" or d % 1 ~= 0 then
    d = integer_argument("unsqueeze", "d", d, nil)
  end
  local y = new()
  local rc = C.tnt_unsqueeze(y, x, d)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- Without the dims (none: all) of size 1.
---@param x tnt.Tensor
---@param dims? integer|integer[]
---@return tnt.Tensor y
function ops.squeeze(x, dims)
  if type(x) ~= "cdata" then x = operand("squeeze", "x", x) end
  local dims_at, dims_n = positions(1, "squeeze", "dims", dims)
  local y = new()
  local rc = C.tnt_squeeze(y, x, dims_at, dims_n)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- Diagonal k of the last two dims, as the last dim.
---@param x tnt.Tensor
---@param k? integer  default 0
---@return tnt.Tensor y
function ops.diagonal(x, k)
  if type(x) ~= "cdata" then x = operand("diagonal", "x", x) end
  if type(k) ~= "number" or k % 1 ~= 0 then
    k = integer_argument("diagonal", "k", k, 0)
  end
  local y = new()
  local rc = C.tnt_diagonal(y, x, k)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- Windows of `size` slices along d, `step` apart, as a new last dim.
---@param x tnt.Tensor
---@param d integer
---@param size integer
---@param step integer
---@return tnt.Tensor y
function ops.unfold(x, d, size, step)
  if type(x) ~= "cdata" then x = operand("unfold", "x", x) end
  if type(d) ~= "number" or d % 1 ~= 0 then
    d = integer_argument("unfold", "d", d, nil)
  end
  if type(size) ~= "number" or size % 1 ~= 0 then
    size = integer_argument("unfold", "size", size, nil)
  end
  if type(step) ~= "number" or step % 1 ~= 0 then
    step = integer_argument("unfold", "step", step, nil)
  end
  local y = new()
  local rc = C.tnt_unfold(y, x, d, size, step)
  if rc ~= 0 then return finish(rc, y) end
  return y
end

--- Names of the ops that are methods of tensors.
ops.methods = { "add", "add_", "sub", "sub_", "mul", "mul_", "div", "div_", "pow", "pow_", "maximum", "minimum", "remainder", "remainder_", "floor_divide", "atan2", "neg", "neg_", "abs", "abs_", "sign", "square", "square_", "sqrt", "sqrt_", "rsqrt", "rsqrt_", "reciprocal", "reciprocal_", "exp", "exp_", "expm1", "log", "log_", "log1p", "log2", "sin", "cos", "tanh", "tanh_", "erf", "floor", "floor_", "ceil", "round", "trunc", "clamp", "clamp_", "sigmoid", "sigmoid_", "relu", "relu_", "leaky_relu", "elu", "silu", "softplus", "gelu", "gelu_tanh", "eq", "ne", "lt", "le", "gt", "ge", "logical_and", "logical_or", "logical_xor", "logical_not", "isnan", "isinf", "isfinite", "where", "masked_fill", "masked_fill_", "fill", "fill_", "copy", "sum", "mean", "amax", "amin", "prod", "var", "max_dim", "min_dim", "argmax", "argmin", "cumsum", "flip", "sort", "topk", "matmul", "linear", "linear_gelu", "softmax", "log_softmax", "layernorm", "index_select", "index_add", "index_add_", "gather", "scatter", "scatter_", "scatter_add", "scatter_add_", "cat", "tril", "triu", "nonzero", "one_hot", "uniform_", "normal_", "bernoulli_", "randint_", "randperm_", "dropout", "multinomial", "arange_", "view", "transpose", "permute", "expand", "narrow", "slice", "select", "unsqueeze", "squeeze", "diagonal", "unfold" }

return ops
