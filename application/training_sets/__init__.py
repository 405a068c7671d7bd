"""Plan, retrieve and rebuild training sets, from tables or from a pin; diagnose a lost one; train on one."""
