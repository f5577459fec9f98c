/**
 * Operations about things that this account has not: the error is the service's for a thing that is not there, and lists are empty. SES
 * facts: api-v2, the tables of operations.
 */
import { MailctlError } from '../../base/errors.ts'
import { printable } from '../../base/redact.ts'
import type { Members } from '../members.ts'
import { notHere, operation, type SesOperation } from './operation.ts'

type At = Parameters<typeof operation>[1]

/** It needs something that does not exist here at all. */
const without = (name: string, at: At, what: string): SesOperation =>
  operation(name, at, async () => notHere(`This account has no ${what}.`), 'refused')

/** What it names is not there, because nothing of its kind is. */
const missing = (name: string, at: At, text: (input: Members) => string): SesOperation =>
  operation(
    name,
    at,
    async ({ input }) => {
      throw new MailctlError('not-found', text(input))
    },
    'answers',
  )

/** There are none. */
const empty = (name: string, at: At, member: string): SesOperation => operation(name, at, async () => ({ [member]: [] }), 'answers')

const named = (input: Members, member: string): string => printable(input.text(member) ?? '')
const noVerificationTemplate = (input: Members): string =>
  `Custom verification email template <${named(input, 'TemplateName')}> does not exist`
const noTenant = (input: Members): string => `Tenant <${named(input, 'TenantName')}> does not exist.`
const noJob = (input: Members): string => `Job ${named(input, 'JobId')} does not exist.`

const VERIFICATION = 'custom verification mail'
const JOBS = 'import and export jobs: mailctl suppression import and export do their work'
const POLICIES = 'sending authorization: only its owner sends'
const TENANTS = 'tenants'
const REPUTATION = 'reputation policies: mailctl reputation shows where it stands'
const DASHBOARD = 'deliverability dashboard'
const REGIONS = 'multi-region endpoints'
const CERTIFICATES = 'identity certificates'

export const refusedOperations: readonly SesOperation[] = [
  without('PutAccountDeliveryAttributes', 'POST /account/delivery', 'shared pools of addresses'),
  missing(
    'GetMessageInsights',
    'GET /insights/{MessageId}',
    input => `No insights for message ${named(input, 'MessageId')}: this account collects none.`,
  ),
  missing('BatchGetMetricData', 'POST /metrics/batch', () => 'No metrics: this account collects none.'),
  missing('ListRecommendations', 'POST /vdm/recommendations', () => 'No recommendations: this account makes none.'),

  without('CreateCustomVerificationEmailTemplate', 'POST /custom-verification-email-templates', VERIFICATION),
  missing('GetCustomVerificationEmailTemplate', 'GET /custom-verification-email-templates/{TemplateName}', noVerificationTemplate),
  empty('ListCustomVerificationEmailTemplates', 'GET /custom-verification-email-templates', 'CustomVerificationEmailTemplates'),
  missing('UpdateCustomVerificationEmailTemplate', 'PUT /custom-verification-email-templates/{TemplateName}', noVerificationTemplate),
  missing('DeleteCustomVerificationEmailTemplate', 'DELETE /custom-verification-email-templates/{TemplateName}', noVerificationTemplate),
  missing('SendCustomVerificationEmail', 'POST /outbound-custom-verification-emails', noVerificationTemplate),

  without('CreateImportJob', 'POST /import-jobs', JOBS),
  missing('GetImportJob', 'GET /import-jobs/{JobId}', noJob),
  empty('ListImportJobs', ['POST /import-jobs/list', 'GET /import-jobs'], 'ImportJobs'),
  without('CreateExportJob', 'POST /export-jobs', JOBS),
  missing('GetExportJob', 'GET /export-jobs/{JobId}', noJob),
  empty('ListExportJobs', 'POST /list-export-jobs', 'ExportJobs'),
  missing('CancelExportJob', 'PUT /export-jobs/{JobId}/cancel', noJob),

  without('CreateEmailIdentityPolicy', 'POST /identities/{EmailIdentity}/policies/{PolicyName}', POLICIES),
  without('UpdateEmailIdentityPolicy', 'PUT /identities/{EmailIdentity}/policies/{PolicyName}', POLICIES),
  without('DeleteEmailIdentityPolicy', 'DELETE /identities/{EmailIdentity}/policies/{PolicyName}', POLICIES),
  without('PutConfigurationSetArchivingOptions', 'PUT /configuration-sets/{ConfigurationSetName}/archiving-options', 'archives'),
  without('UpdateConfigurationSet', 'POST /update-configuration-sets', 'message security options'),

  without('CreateTenant', 'POST /tenants', TENANTS),
  missing('GetTenant', 'POST /tenants/get', noTenant),
  empty('ListTenants', 'POST /tenants/list', 'Tenants'),
  missing('DeleteTenant', 'POST /tenants/delete', noTenant),
  missing('CreateTenantResourceAssociation', 'POST /tenants/resources', noTenant),
  missing('DeleteTenantResourceAssociation', 'POST /tenants/resources/delete', noTenant),
  missing('ListTenantResources', 'POST /tenants/resources/list', noTenant),
  empty('ListResourceTenants', 'POST /resources/tenants/list', 'ResourceTenants'),
  missing('PutTenantSuppressionAttributes', 'POST /tenant/suppression', noTenant),

  without('GetReputationEntity', 'GET /reputation/entities/{ReputationEntityType}/{ReputationEntityReference}', REPUTATION),
  empty('ListReputationEntities', 'POST /reputation/entities', 'ReputationEntities'),
  without(
    'UpdateReputationEntityCustomerManagedStatus',
    'PUT /reputation/entities/{ReputationEntityType}/{ReputationEntityReference}/customer-managed-status',
    REPUTATION,
  ),
  without('UpdateReputationEntityPolicy', 'PUT /reputation/entities/{ReputationEntityType}/{ReputationEntityReference}/policy', REPUTATION),
  without('GetEmailAddressInsights', 'POST /email-address-insights', 'insight into other mailboxes'),
  without(
    'PutAccountPricingAttributes',
    'PUT /account/pricing-attributes',
    'pricing plans: mailctl account usage shows what SES would charge',
  ),

  without('AssociateEmailIdentityCertificate', 'POST /identity/certificates', CERTIFICATES),
  without('DisassociateEmailIdentityCertificate', 'POST /identity/certificates/delete', CERTIFICATES),
  without('ListEmailIdentityCertificates', 'POST /identity/certificates/list', CERTIFICATES),
  without('CreateDeliverabilityTestReport', 'POST /deliverability-dashboard/test', DASHBOARD),
  without('GetDeliverabilityTestReport', 'GET /deliverability-dashboard/test-reports/{ReportId}', DASHBOARD),
  without('ListDeliverabilityTestReports', 'GET /deliverability-dashboard/test-reports', DASHBOARD),
  without('GetBlacklistReports', 'GET /deliverability-dashboard/blacklist-report', DASHBOARD),
  without('GetDeliverabilityDashboardOptions', 'GET /deliverability-dashboard', DASHBOARD),
  without('PutDeliverabilityDashboardOption', 'PUT /deliverability-dashboard', DASHBOARD),
  without('GetDomainDeliverabilityCampaign', 'GET /deliverability-dashboard/campaigns/{CampaignId}', DASHBOARD),
  without('ListDomainDeliverabilityCampaigns', 'GET /deliverability-dashboard/domains/{SubscribedDomain}/campaigns', DASHBOARD),
  without('GetDomainStatisticsReport', 'GET /deliverability-dashboard/statistics-report/{Domain}', DASHBOARD),
  without('CreateMultiRegionEndpoint', 'POST /multi-region-endpoints', REGIONS),
  without('GetMultiRegionEndpoint', 'GET /multi-region-endpoints/{EndpointName}', REGIONS),
  without('ListMultiRegionEndpoints', 'GET /multi-region-endpoints', REGIONS),
  without('DeleteMultiRegionEndpoint', 'DELETE /multi-region-endpoints/{EndpointName}', REGIONS),
]
