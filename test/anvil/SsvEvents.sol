// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// Emits what the SSVNetwork contract emits, for whoever asks, with no rule of its own: also what can never be true.
contract SsvEvents {
    struct Cluster {
        uint32 validatorCount;
        uint64 networkFeeIndex;
        uint64 index;
        bool active;
        uint256 balance;
    }

    event ValidatorAdded(address indexed owner, uint64[] operatorIds, bytes publicKey, bytes shares, Cluster cluster);
    event ValidatorRemoved(address indexed owner, uint64[] operatorIds, bytes publicKey, Cluster cluster);
    event ValidatorExited(address indexed owner, uint64[] operatorIds, bytes publicKey);
    event ClusterLiquidated(address indexed owner, uint64[] operatorIds, Cluster cluster);
    event ClusterReactivated(address indexed owner, uint64[] operatorIds, Cluster cluster);
    event FeeRecipientAddressUpdated(address indexed owner, address recipientAddress);

    /// One event for each public key, all in one transaction.
    function addValidators(uint64[] calldata operatorIds, bytes[] calldata publicKeys, uint256 sharesLength) external {
        bytes memory shares = new bytes(sharesLength);
        for (uint256 i = 0; i < publicKeys.length; i++) {
            emit ValidatorAdded(msg.sender, operatorIds, publicKeys[i], shares, cluster(true));
        }
    }

    function removeValidator(uint64[] calldata operatorIds, bytes calldata publicKey) external {
        emit ValidatorRemoved(msg.sender, operatorIds, publicKey, cluster(true));
    }

    function exitValidator(uint64[] calldata operatorIds, bytes calldata publicKey) external {
        emit ValidatorExited(msg.sender, operatorIds, publicKey);
    }

    function liquidate(uint64[] calldata operatorIds) external {
        emit ClusterLiquidated(msg.sender, operatorIds, cluster(false));
    }

    function reactivate(uint64[] calldata operatorIds) external {
        emit ClusterReactivated(msg.sender, operatorIds, cluster(true));
    }

    /// An event that nobody follows.
    function setFeeRecipient(address recipient) external {
        emit FeeRecipientAddressUpdated(msg.sender, recipient);
    }

    /// Any log with two topics: a malformed event.
    function emitRaw(bytes32 topic, bytes32 owner, bytes calldata data) external {
        bytes memory copy = data;
        assembly {
            log2(add(copy, 32), mload(copy), topic, owner)
        }
    }

    function cluster(bool active) private pure returns (Cluster memory) {
        return Cluster(1, 0, 0, active, 0);
    }
}
