-- Preparing a module; see spec/parity/torchtnt.lua.
return {
  { "prepare_module(module, device, strategy, ...)", "must (device move), should (rest)",
    ours = { "tnt.AutoUnit{device}", "tnt.nn.Module:to" },
    spec = "spec/nn/module_spec.lua: changes dtype with the same parameters" },
  { "NOOPStrategy", "should", ours = "tnt.AutoUnit{device}",
    spec = "spec/auto_unit_spec.lua: refuses wrong options at construction",
    note = "without the option device nothing is touched" },
  { "DDPStrategy, prepare_ddp", "should", later = "several processes" },
  { "FSDPStrategy, prepare_fsdp", "niche", later = "several processes" },
  { "FSDP2Strategy, prepare_fsdp2", "niche", later = "several processes" },
  { "TPStrategy", "niche", later = "several processes" },
  { "convert_str_to_strategy", "should", later = "several processes" },
  { "TorchCompileParams, apply_torch_compile", "niche",
    later = "CUDA: graph capture is the counterpart of compilation" },
  { "ActivationCheckpointParams, apply_ac", "should", ours = "tnt.nn.checkpoint",
    spec = "spec/nn/checkpoint_spec.lua: gives the same results, bit for bit" },
  { "materialize_meta_params, on_meta_device", "niche",
    absent = "parameters are allocated when a module is made; a module that shall not be made yet "
      .. "is a function" },
  { "FSDPOptimizerWrapper, FSDP2OptimizerWrapper", "niche", later = "modules are not sharded" },
  { "fsdp_utils: ShardingStrategy, BackwardPrefetch, StateDictType, MixedPrecision", "niche",
    later = "modules are not sharded" },
}
