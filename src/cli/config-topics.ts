/** What `router config` can print. */
export const configTopics = ['schema', 'path'] as const;
export type ConfigTopic = (typeof configTopics)[number];
