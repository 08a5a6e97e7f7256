import { defineStream } from '@mosaik/node'

export const Readings = defineStream<{ sensor: string; celsius: number }>('readings')
