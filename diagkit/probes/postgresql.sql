-- What PostgreSQL (10 and later) knows about its own state, as one JSON object whose keys are the fields of `Database`.
-- It only reads, and calls only functions that transports/allowed.py lists. Statements are user data: of their text only
-- the first word is taken.
select json_build_object(
  'recovering', pg_is_in_recovery(),
  'read_only', (select setting = 'on' from pg_settings where name = 'default_transaction_read_only'),
  'read_only_databases', (select coalesce(json_agg(d.datname), '[]')
    from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase
    where 'default_transaction_read_only=on' = any (s.setconfig)),
  'closed_databases', (select coalesce(json_agg(datname), '[]')
    from pg_database where not datallowconn and not datistemplate),
  'connections', (select count(*) from pg_stat_activity where backend_type = 'client backend'),
  'connections_limit', current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
  'quotas', (select coalesce(json_agg(q), '[]') from (
    select 'role ' || rolname as owner, rolconnlimit as limit,
      (select count(*) from pg_stat_activity a where a.usename = rolname) as connections
    from pg_roles where rolconnlimit >= 0
    union all
    select 'database ' || datname, datconnlimit,
      (select count(*) from pg_stat_activity a where a.datname = d.datname)
    from pg_database d where datconnlimit >= 0 and datallowconn) q),
  'holders', (select coalesce(json_agg(h), '[]') from (
    select coalesce(nullif(application_name, ''), usename, '?') as client, state, count(*) as connections
    from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()
    group by 1, 2 order by 3 desc limit 4) h),
  'sessions', (select coalesce(json_agg(s), '[]') from (
    select pid, coalesce(nullif(application_name, ''), usename, '?') as client, coalesce(datname, '') as database,
      coalesce(state, '') as state, coalesce(upper(substring(ltrim(query) from '^[A-Za-z]+')), '') as verb,
      coalesce(wait_event_type, '') as waits_for, coalesce(wait_event, '') as event,
      extract(epoch from clock_timestamp() - query_start)::float as statement_s,
      extract(epoch from clock_timestamp() - xact_start)::float as transaction_s,
      extract(epoch from clock_timestamp() - state_change)::float as state_s,
      case when wait_event_type = 'Lock' then to_json(pg_blocking_pids(pid)) else '[]' end as blocked_by
    from pg_stat_activity
    where backend_type in ('client backend', 'autovacuum worker') and pid <> pg_backend_pid() and xact_start is not null
    order by xact_start limit 60) s),
  'prepared_s', (select coalesce(json_agg(extract(epoch from clock_timestamp() - prepared)::float), '[]')
    from pg_prepared_xacts),
  'synchronous', current_setting('synchronous_standby_names') <> '',
  'standbys', (select coalesce(json_agg(r), '[]') from (
    select coalesce(nullif(application_name, ''), '?') as name, state, sync_state,
      coalesce(pg_wal_lsn_diff(case when pg_is_in_recovery() then pg_last_wal_receive_lsn() else pg_current_wal_lsn() end,
        replay_lsn), 0)::float as behind_bytes,
      coalesce(extract(epoch from replay_lag), 0)::float as behind_s
    from pg_stat_replication) r),
  'receiving', (select count(*) > 0 from pg_stat_wal_receiver where status = 'streaming'),
  'follows', (select coalesce(bool_or(setting <> ''), true) from pg_settings where name = 'primary_conninfo'),
  'restores', (select coalesce(bool_or(setting <> ''), true) from pg_settings where name = 'restore_command'),
  'replay_paused', case when pg_is_in_recovery() then pg_is_wal_replay_paused() else false end,
  'replay_behind_bytes', coalesce(case when pg_is_in_recovery()
    then pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) end, 0)::float,
  'slots', (select coalesce(json_agg(s), '[]') from (
    select slot_name as name, active, coalesce(to_jsonb(pg_replication_slots) ->> 'wal_status', '') as wal_status,
      coalesce(pg_wal_lsn_diff(case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end,
        restart_lsn), 0)::float as held_bytes
    from pg_replication_slots) s),
  'wal_bytes', (select coalesce(sum(size), 0)::float from pg_ls_waldir()),
  'wal_limit_bytes', (select setting::float * 1048576 from pg_settings where name = 'max_wal_size'),
  'archiving', current_setting('archive_mode') <> 'off',
  'archive_failed_s', (select extract(epoch from clock_timestamp() - last_failed_time)::float
    from pg_stat_archiver where last_failed_time > coalesce(last_archived_time, '-infinity')),
  'transaction_age', (select max(age(datfrozenxid)) from pg_database),
  'autovacuum', current_setting('autovacuum') = 'on'
)
