// What a person can set: flags at the start, ConfigMap keys while it runs. The door to both; every default stands behind it.
export * from './settings/compression-keys.ts'
export * from './settings/config-map.ts'
export * from './settings/flags.ts'
