import { campaign } from './campaign.ts'

campaign('groups', 151, 300)
