-- Several processes; see spec/parity/torchtnt.lua.
return {
  { "get_global_rank, get_world_size", "must", pending = "tnt.dist" },
  { "get_local_rank, get_local_world_size", "must", pending = "tnt.dist" },
  { "barrier, destroy_process_group", "must", pending = "tnt.dist" },
  { "PGWrapper", "should", pending = "tnt.dist" },
  { "get_process_group_backend_from_device", "should", pending = "tnt.dist" },
  { "get_file_init_method, get_tcp_init_method", "niche", later = "several processes" },
  { "all_gather_tensors", "should", pending = "tnt.dist" },
  { "rank_zero_fn, local_rank_zero_fn", "must", pending = "tnt.dist" },
  { "rank_zero_read_and_broadcast", "must", pending = "tnt.dist" },
  { "sync_bool(val, pg, coherence_mode)", "must", pending = "tnt.dist" },
  { "broadcast_str, all_gather_str", "should", pending = "tnt.dist" },
  { "get_or_create_gloo_pg", "should", later = "several processes" },
  { "spawn_multi_process(world_size, backend, fn, ...)", "must for tests", later = "several processes" },
  { "revert_sync_batchnorm", "niche", later = "several processes: norms are not synchronised" },
  { "GlobalMeshCoordinator, create_device_mesh, get_dp_mesh, ...", "niche", later = "several processes" },
}
