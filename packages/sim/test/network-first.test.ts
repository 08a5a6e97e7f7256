import { campaign } from './campaign.ts'

campaign('network', 1, 100)
