import { campaign } from './campaign.ts'

campaign('network', 101, 200)
