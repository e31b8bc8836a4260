-- Devices, environment, seeds; see spec/parity/torchtnt.lua.
return {
  { "get_device_from_env", "must", pending = "device from the environment" },
  { "init_from_env(device_type, ...)", "must", pending = "processes" },
  { "copy_data_to_device(data, device, stream)", "must", ours = "tnt.AutoUnit:move_data_to_device",
    spec = "spec/data/profile_spec.lua: copies to a device", pending = "public name" },
  { "record_data_in_stream", "niche", later = "CUDA: streams belong to the device" },
  { "set_float32_precision", "niche", later = "CUDA: a CPU has no TF32" },
  { "get_nvidia_smi_gpu_stats", "should", pending = "device statistics" },
  { "get_psutil_cpu_stats, collect_system_stats", "should",
    ours = { "tnt.system.cpu", "tnt.system.memory" },
    spec = "spec/system_spec.lua: tells of this machine and process" },
  { "seed(n, deterministic)", "must", ours = { "tnt.seed", "tnt.use_deterministic" },
    spec = "spec/ops/random_spec.lua: the stream",
    note = "one seed for tensors, math.random and loaders" },
}
