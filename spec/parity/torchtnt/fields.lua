-- Methods, fields and options of TorchTNT's objects and what they are called here: {theirs, ours},
-- or absent or later = why not. The 31 events of callbacks stand in callbacks.lua.

local DDP = "the options of replication come with several processes"
local SHARDED = "modules are not sharded"

return {
  { "State.train_state, .eval_state, .predict_state, .active_phase_state()",
    ours = { "state.progress", "state.active_phase" } },
  { "State.timer", ours = "state.timer" },
  { "State.should_stop, .stop()", ours = { "state.should_stop", "state:stop" } },
  { "PhaseState.dataloader, .max_epochs, .max_steps, .max_steps_per_epoch",
    ours = "state:steps_in_epoch",
    note = "loaders and limits are the call's own; steps_in_epoch says how long an epoch will be" },
  { "PhaseState.evaluate_every_n_steps, .evaluate_every_n_epochs",
    ours = { "state.evaluate_every_n_steps", "state.evaluate_every_n_epochs" } },
  { "PhaseState.step_output, .iteration_timer",
    ours = { "state.step_output", "state.iteration_timer" } },
  { "Progress.num_epochs_completed, .num_steps_completed, .num_steps_completed_in_epoch, "
    .. ".num_steps_completed_in_prev_epoch",
    ours = { "progress.num_epochs_completed", "progress.num_steps_completed",
      "progress.num_steps_completed_in_epoch", "progress.num_steps_completed_in_prev_epoch" } },
  { "RestoreOptions.restore_modules, .restore_train_progress, .restore_eval_progress, "
    .. ".restore_predict_progress, .restore_optimizers, .restore_lr_schedulers, .strict",
    ours = { "tnt.checkpoint.RestoreOptions.modules",
      "tnt.checkpoint.RestoreOptions.train_progress",
      "tnt.checkpoint.RestoreOptions.eval_progress",
      "tnt.checkpoint.RestoreOptions.predict_progress",
      "tnt.checkpoint.RestoreOptions.optimizers", "tnt.checkpoint.RestoreOptions.schedules",
      "tnt.checkpoint.RestoreOptions.strict" } },
  { "RestoreOptions.init_optim_states", absent = "optimizers make the state they are given" },
  { "KnobOptions.max_per_rank_io_concurrency, .enable_storage_optimization",
    absent = "one thread writes a process's files in one pass" },
  { "CheckpointManager.should_save_checkpoint, .prune_surplus_checkpoints, .append_checkpoint",
    ours = { "tnt.checkpoint.Policy:due", "tnt.checkpoint.Policy:surplus",
      "tnt.checkpoint.Policy:saved" } },
  { "CheckpointManager.generate_checkpoint_path, .get_last_checkpoint, "
    .. ".does_checkpoint_metadata_exist, .remove_checkpoint",
    ours = { "tnt.checkpoint.Writer.start", "tnt.checkpoint.Writer.latest",
      "tnt.checkpoint.Writer.list", "tnt.checkpoint.Writer.remove" } },
  { "CheckpointPath.from_str, .newer_than, .more_optimal_than",
    ours = { "tnt.checkpoint.parse_name", "tnt.checkpoint.latest", "tnt.checkpoint.best" } },
  { "DDPStrategy: output_device, dim, broadcast_buffers, process_group, bucket_cap_mb, "
    .. "find_unused_parameters, check_reduction, gradient_as_bucket_view, static_graph, "
    .. "comm_state, comm_hook, sync_batchnorm", later = DDP },
  { "FSDPStrategy: process_group, sharding_strategy, cpu_offload, auto_wrap_policy, ...",
    later = SHARDED },
  { "FSDP2Strategy: modules_to_shard, shard_predicates, reshard_after_forward, mp_policy, ...; "
    .. "TPStrategy: tp_plan, fsdp2_strategy; mesh: dp_shard, dp_replicate, tp", later = SHARDED },
  { "TorchCompileParams: fullgraph, dynamic, backend, mode, options, disable, "
    .. "recursive_module_types", absent = "nothing is compiled; cuda_graph is the counterpart" },
  { "ActivationCheckpointParams.check_fn, .auto_wrap_policy",
    ours = "tnt.AutoUnit{activation_checkpoint}" },
  { "ActivationCheckpointParams.checkpoint_impl, .context_fn",
    absent = "there is one way to compute again" },
  { "GPUStats: utilization_gpu_percent, utilization_memory_percent, fan_speed_percent, "
    .. "memory_used_mb, memory_free_mb, temperature_gpu_celsius, temperature_memory_celsius",
    ours = { "tnt.system.Gpu.utilization_percent", "tnt.system.Gpu.memory_utilization_percent",
      "tnt.system.Gpu.fan_percent", "tnt.system.Gpu.memory_used_bytes",
      "tnt.system.Gpu.memory_free_bytes", "tnt.system.Gpu.temperature_celsius",
      "tnt.system.Gpu.memory_temperature_celsius" } },
  { "CPUStats: cpu_vm_percent, cpu_percent, cpu_swap_percent, worker_cpu_time_user, "
    .. "worker_cpu_time_system, worker_rss",
    ours = { "tnt.system.Stats.memory_percent", "tnt.system.Stats.cpu_percent",
      "tnt.system.Stats.swap_percent", "tnt.system.Stats.user_seconds",
      "tnt.system.Stats.system_seconds", "tnt.system.Stats.rss_bytes" } },
  { "TensorBoardLogger.log, .log_dict, .log_text, .log_hparams, .log_image, .log_images, "
    .. ".log_audio, .log_scalars, .log_histogram, .log_histogram_raw, .flush, .close",
    ours = { "tnt.log.TensorBoard:log_values", "tnt.log.TensorBoard:text",
      "tnt.log.TensorBoard:hparams", "tnt.log.TensorBoard:image", "tnt.log.TensorBoard:images",
      "tnt.log.TensorBoard:audio", "tnt.log.TensorBoard:scalars",
      "tnt.log.TensorBoard:histogram", "tnt.log.TensorBoard:histogram_raw",
      "tnt.log.TensorBoard:flush", "tnt.log.TensorBoard:close" } },
  { "TensorBoardLogger.log_figure", absent = "figures are matplotlib's; a picture is an image" },
  { "InMemoryLogger.log_buffer", ours = "tnt.log.Memory.records" },
  { "AnomalyLogger.on_anomaly_detected(name, value, step)", ours = "tnt.log.Anomaly{on_anomaly}" },
  { "ModuleSummary: module_name, module_type, num_parameters, num_trainable_parameters, "
    .. "size_bytes, flops_forward, flops_backward, in_size, out_size, forward_elapsed_time_ms, "
    .. "submodule_summaries",
    ours = { "tnt.nn.Summary.name", "tnt.nn.Summary.type", "tnt.nn.Summary.parameters",
      "tnt.nn.Summary.trainable", "tnt.nn.Summary.bytes", "tnt.nn.Summary.flops_forward",
      "tnt.nn.Summary.flops_backward", "tnt.nn.Summary.in_shape", "tnt.nn.Summary.out_shape",
      "tnt.nn.Summary.seconds", "tnt.nn.Summary.children" } },
  { "ModuleSummary.has_uninitialized_param", absent = "every parameter has its values at once" },
  { "TimedActionStats: action_name, mean_duration, num_calls, total_duration, "
    .. "percentage_of_total_time",
    ours = { "tnt.Timer.Row.name", "tnt.Timer.Row.mean", "tnt.Timer.Row.calls",
      "tnt.Timer.Row.total", "tnt.Timer.Row.percent" } },
  { "BaseCSVWriter.get_step_output_rows", ours = "tnt.hooks.CsvWriter{rows}" },
  { "BaseCheckpointer._checkpoint_impl, .restore of a subclass",
    ours = { "tnt.checkpoint.Writer.start", "tnt.checkpoint.Writer.read" } },
  { "DataIterationStrategy and MultiIterator of one's own",
    ours = "tnt.data.MultiDataLoader{iteration_strategy}" },
  { "EventHandler.handle_event", ours = "tnt.events.register" },
  { "_test_utils: dummy units, random and iterable loaders, ready-made states",
    ours = { "tnt.testing.TrainUnit", "tnt.testing.EvalUnit", "tnt.testing.PredictUnit",
      "tnt.testing.FitUnit", "tnt.testing.AutoUnit", "tnt.testing.TwoOptimizers",
      "tnt.testing.random_loader", "tnt.testing.random_iterable_loader",
      "tnt.testing.CountingLoader", "tnt.testing.train_state", "tnt.testing.fit_state" } },
}
