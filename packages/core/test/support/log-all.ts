import { componentLogger } from '@mosaik/core'
import { systemLogger } from '@mosaik/core/system'

for (const logger of [systemLogger, componentLogger(systemLogger, 'mosaik:part')]) {
  logger.debug('a %s', 'debug')
  logger.info('an info')
  logger.warn('a warning')
  logger.error('an %o', new Error('error').message)
}
