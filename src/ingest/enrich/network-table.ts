/**
 * Autonomous systems whose kind of network is known by number, and prefixes of relays. A list of our own: the operators
 * say on their own pages what they run, the numbers are those under which RouteViews and DB-IP (the installed data) list
 * the operators' names; relay prefixes as Apple publishes them for iCloud Private Relay and Cloudflare for WARP. Only
 * systems that are one thing above all stand here: an operator that sells lines and telephones under one number does not
 * stand under MOBILE. To teach Vigil a network, add its number here.
 */
import type { NetworkKind } from "../enrichment.ts";

/** Written into the version of the enrichment: count it up with every change of this file or of the name patterns. */
export const tableVersion = 1;

type Listed = Extract<NetworkKind, "VPN" | "HOSTING" | "MOBILE" | "RESIDENTIAL">;

/** A number may be followed by other numbers of the same operator; the words are for the reader. */
const operators: Record<Listed, string> = {
  // VPN services under numbers of their own; networks from which VPN services lease nearly all they use; Tor exits.
  VPN: `
    Proton 62371 199218 208172 209103; 31173 Services (Mullvad) 39351; PacketHub (Nord) 136787 141039 147049 207137 272096;
    Datacamp (exits of many VPN services) 60068 212238; M247 (the same) 9009 16247 42973; Cyberzone 209854;
    Anonymizer 201665; Akamai (egress of iCloud Private Relay) 36183;
    Tor exits: Quintex 62744; Emerald Onion 396507; Stiftung Erneuerbare Freiheit 60729; F3 Netze 205100;
    Foundation for Applied Privacy 208323; Calyx 4224; api-and-you 208294; KeFF 41281`,
  HOSTING: `
    Amazon 16509 14618 8987 7224; Microsoft 8075 8068; Google 15169 396982; Oracle 31898; IBM Cloud 36351;
    Alibaba 37963 45102 134963; Tencent 45090 132203; Huawei Cloud 55990 136907; Volcano Engine 137718; UCloud 135377;
    DigitalOcean 14061; Linode 63949 48337; OVH 16276; Hetzner 24940 213230 212317; Vultr 20473; Scaleway 12876 29447;
    IONOS 8560; Strato 6724; netcup 197540; Contabo 51167 141995; Leaseweb 60781 28753 30633 7203 19148 59253 396190 395954;
    GoDaddy 26496; Unified Layer 46606; Namecheap 22612; Hostinger 47583; Hivelocity 29802 61317; Interserver 19318;
    ReliableSite 23470; A2 Hosting 55293; DreamHost 26347; Liquid Web 32244; Rackspace 33070 19994 27357; tzulo 11878;
    Psychz 40676; QuadraNet 8100; Performive 46562; velia.net 29066 30083; FranTech 53667; FlokiNET 200651; 1984 ehf 44925;
    1337 Services 210558; Private Layer 51852; NForce 43350; WorldStream 49981; Crea Nova 51765; G-Core 199524 202422;
    Selectel 49505 50340; REG.RU 197695; Timeweb 9123; Clouvider 62240; Serverius 50673; Global Layer 49453; GleSYS 42708;
    iomart 20860; Greenhost 47172; Host Europe 8972 20773; Latitude.sh 396356; Zenlayer 21859 62610; Krypt 35908;
    Kaopu 138915; HostPapa 36352; B2 Net 55286; Multacom 35916; IT7 25820; IP Volume 202425; Media Land 206728;
    Chang Way 57523; AlexHost 200019; Cloudflare 13335; Fastly 54113; Akamai 20940 16625`,
  MOBILE: `
    T-Mobile USA 21928; Verizon Wireless 22394 6167; AT&T Mobility 20057; Bell Mobility 36522; Telcel 28403; Claro BR 22085;
    TIM Brasil 26615; Comcel 26611; Colombia Movil 27831; Free Mobile 51207; Three UK 60339 206067; O2 UK 35228;
    TIM (mobile) 16232; Three SE 44034; Play 39603; Turkcell 16135; MegaFon 31133 25159 31213; Vimpelcom 16345;
    Kyivstar 15895; lifecell 34058; VF Ukraine 21497; MTN Irancell 44244; MCCI 197207; Mobily 35819; Zain SA 43766;
    Mobinil 37069; Vodafone Egypt 24835; Vodacom 29975 36994; Cell C 37168; MTN SA 16637; MTN Nigeria 29465;
    Airtel Nigeria 36873; Airtel Kenya 36926; Airtel Uganda 37075; Airtel Tanzania 37133; Globacom 37148; Safaricom 33771;
    Jio 55836; Airtel (mobile) 45609; Vodafone Idea 45271 38266 55644; grameenphone 24389; Banglalink 45245;
    Axiata 24432 24203; Telkomsel 23693; AIS 133481 131445 45430 45458; dtac 24378; True 132061; SingTel Mobile 45143;
    DiGi 4818; Celcom 10030; Globe 132199; Smart 10139; MobiFone 131429; NTT DOCOMO 9605; SK Telecom 9644; Etisalat EG 36992; Indosat 4761; MTN CI 36974`,
  RESIDENTIAL: `
    AT&T 7018; Verizon 701; Free 12322; Orange 3215 12479; SFR 15557; Vodafone DE 3209 31334; KPN 1136; Ziggo 33915;
    SoftBank 17676; Chinanet 4134; China169 4837; KDDI 2516; SK Broadband 9318; LG 17858; TE Data 8452; Uninet 8151;
    TIM 3269; WIND TRE 1267; Sky UK 5607; Virgin Media 5089; Telia 3301 1759; Videotron 5769; RCN 6079; JCOM 9824;
    Starlink 14593; Rostelecom 12389; Vimpelcom 8402; TDC 3292; Bouygues 5410; Swisscom 3303; Sunrise 6730; Viettel 7552;
    VNPT 45899; Jcom 9617; OPTAGE 17511; BIGLOBE 2518; NOS 2860; Partner 12400; Netia 12741; OTE 6799; DNA 16086;
    Versatel 8881; Telstra 1221; Bell 577; Tele2 1257; Maroc Telecom 6713; BSNL 9829; Optus 4804; Orange PL 5617;
    Claro 4230; Telenor 2119 8434 9158; Proximus 5432; Fastweb 12874; TM 4788; Airtel (lines) 24560 9498; V tal 8167 7738;
    Telia NO 25400; Telmex CO 10620; Odido 50266; DIGI 8708; Telkom ZA 5713; Superonline 34984; VTR 22047; O2 CZ 5610;
    CANTV 8048; Brightspeed 19901; HKT 4760; Bezeq 8551`,
};

/** Their prefixes lie in networks that do other things as well. */
export const relayPrefixes = `
  104.28.0.0/16 2606:54c0::/30 2a09:bac0::/29
  172.224.224.0/19 172.225.0.0/16 172.226.0.0/16 2a02:26f7::/32
  140.248.0.0/18 146.75.128.0/17 2a04:4e41::/32`; // Cloudflare (Private Relay and WARP); Akamai; Fastly (Private Relay)

export const kindsByNumber: ReadonlyMap<number, Listed> = new Map(
  (Object.entries(operators) as [Listed, string][]).flatMap(([kind, text]) =>
    text.split(/[;:]/).flatMap((entry) => numbersOf(entry).map((asn): [number, Listed] => [asn, kind])),
  ),
);

/** The numbers at the end of an entry: a name may have some too. */
function numbersOf(entry: string): number[] {
  return (/(?:\s\d+)+\s*$/.exec(entry)?.[0] ?? "").trim().split(/\s+/).filter(Boolean).map(Number);
}
