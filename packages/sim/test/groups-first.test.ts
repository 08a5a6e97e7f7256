import { campaign } from './campaign.ts'

campaign('groups', 1, 150)
