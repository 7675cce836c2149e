package targets

// policyFile is the program that Debian's packages ask before they start a service of
// theirs. A machine has none unless its administrator made one.
const policyFile = "/usr/sbin/policy-rc.d"

// policyMark is the line by which benchrun knows its own.
const policyMark = "# made by benchrun"

// withoutServices are options of apt-get. Some packages, such as those of proxies, start a
// service when they are installed; these keep Debian from that, unless the machine has a
// policy of its own. Nothing of it is left afterwards. policy is policyFile.
func withoutServices(policy string) []string {
	return []string{
		"-o", "DPkg::Pre-Invoke::=[ -e " + policy + ` ] || { printf '#!/bin/sh\n` + policyMark + `\nexit 101\n' >` + policy + " && chmod 755 " + policy + "; }",
		"-o", "DPkg::Post-Invoke::=if grep -qs '^" + policyMark + "' " + policy + "; then rm -f " + policy + "; fi",
	}
}
